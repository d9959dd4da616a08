import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { basePython, installWheel, PIP_INSTALL, type BasePython } from './base-python.js';
import { cacheFolder } from '../cache-folder.js';
import { programOnPath } from './find-program.js';
import { installOnce } from './install-once.js';
import { missing } from './missing.js';
import { withElapsed, type Progress } from './progress.js';
import { mustRun, runCommand } from './run-command.js';
import { withoutPythonPath } from './trainer-view.js';

const UV_WHEEL = 'uv==0.13.9';
const WAYS = {
  name: "the trainers' Python packages",
  variable: 'PERENNIAL_PYTHON',
  others: ['start `perennial dev` once, which installs them'],
};

/**
 * An interpreter that has every package of the lock files at the locked version: `python3` on PATH when it is one, else
 * an environment in our cache, which is installed when it is not there.
 *
 * @returns path of the interpreter
 * @throws {SetupMissingError} when it cannot be installed, or may not be
 */
export async function pythonDependencies(
  locks: readonly string[],
  progress: Progress,
  mayInstall = true,
): Promise<string> {
  const texts = await Promise.all(locks.map((lock) => readFile(lock, 'utf8')));
  const base = await basePython();
  const digest = createHash('sha256')
    .update(JSON.stringify([base, texts]))
    .digest('hex')
    .slice(0, 16);
  const target = path.join(cacheFolder(), 'python', `packages-${digest}`);
  const python = path.join(target, 'bin', 'python');
  if (existsSync(target)) return python;
  if (await hasLocked(base.python, texts.join('\n'))) return base.python;
  if (!mayInstall) throw missing(WAYS, 'they are not installed yet');
  const notice = `installing the trainers' Python packages (from the lock, with hashes, for Python ${base.version})`;
  const make = async (draft: string, scratch: string) => {
    progress(notice);
    await withElapsed(notice, progress, () => install(base, locks, draft, scratch, progress));
  };
  try {
    await installOnce({ what: WAYS.name, target, make }, progress);
    return python;
  } catch (error) {
    throw missing(WAYS, error instanceof Error ? error.message : String(error), error);
  }
}

/** Does this interpreter have exactly the locked versions? A line with a marker may not apply here: then absent is right too. */
async function hasLocked(python: string, lock: string): Promise<boolean> {
  const wanted: Record<string, { versions: string[]; optional: boolean }> = {};
  for (const [, name = '', version = '', marker] of lock.matchAll(
    /^([A-Za-z0-9._-]+)==([^\s;\\]+)[ \t]*(;[^\\\n]*)?/gm,
  )) {
    const entry = (wanted[name] ??= { versions: [], optional: true });
    entry.versions.push(version);
    entry.optional &&= marker !== undefined;
  }
  const code = [
    'import importlib.metadata as m, json, sys',
    'def found(n):',
    '    try: return m.version(n)',
    '    except m.PackageNotFoundError: return None',
    'w = json.loads(sys.argv[1])',
    'sys.exit(not all(found(n) in e["versions"] or (e["optional"] and found(n) is None) for n, e in w.items()))',
  ].join('\n');
  return (await runCommand(python, ['-c', code, JSON.stringify(wanted)], withoutPythonPath())).code === 0;
}

async function install(
  base: BasePython,
  locks: readonly string[],
  draft: string,
  scratch: string,
  progress: Progress,
): Promise<void> {
  await mustRun(base.python, ['-m', 'venv', '--without-pip', draft]);
  const files = locks.flatMap((lock) => ['-r', lock]);
  const uv = await findUv(scratch);
  if (uv !== undefined) {
    const python = path.join(draft, 'bin', 'python');
    const result = await runCommand(uv, [
      'pip',
      'install',
      '--quiet',
      '--python',
      python,
      '--require-hashes',
      ...files,
    ]);
    if (result.code === 0) return;
    progress(`uv could not install them, trying pip: ${result.stderr.trim().split('\n').at(-1)}`);
  }
  const site = path.join(draft, 'lib', `python${base.version}`, 'site-packages');
  await mustRun(base.python, [...PIP_INSTALL, '--require-hashes', '--upgrade', '--target', site, ...files]);
}

/** uv installs in two seconds what takes pip sixteen; without it pip does. */
export async function findUv(scratch: string): Promise<string | undefined> {
  const onPath = programOnPath(['uv']);
  if (onPath !== undefined) return onPath;
  try {
    await installWheel(UV_WHEEL, scratch);
    return path.join(scratch, 'bin', 'uv');
  } catch {
    return undefined;
  }
}
