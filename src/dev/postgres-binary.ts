import { readdirSync } from 'node:fs';
import { realpath, symlink } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder } from '../cache-folder.js';
import { executable, programFromVariable, programOnPath } from './find-program.js';
import { installOnce } from './install-once.js';
import { missing } from './missing.js';
import { toStderr, withElapsed, type Progress } from './progress.js';
import { mustRun } from './run-command.js';

const WAYS = { name: 'PostgreSQL', variable: 'PERENNIAL_POSTGRES_BIN' };
/** Debian keeps the server out of PATH, one folder a version. */
const DEBIAN = '/usr/lib/postgresql';
const NOTICE = 'installing PostgreSQL (the Debian package postgresql, as root; tests of the postgres source run on it)';

/**
 * The folder with the programs of a PostgreSQL server, `initdb` among them: that of the `postgres` which
 * `PERENNIAL_POSTGRES_BIN` names, the newest of Debian's, the one on PATH, or, only as root on Debian, its package.
 *
 * @throws {SetupMissingError} where it cannot be installed from here, naming the command that does
 */
export async function postgresFolder(progress: Progress = toStderr): Promise<string> {
  const found = programFromVariable(WAYS.variable) ?? newestOfDebian() ?? programOnPath(['postgres']);
  if (found !== undefined) return path.dirname(await realpath(found));
  const apt = programOnPath(['apt-get']);
  if (apt === undefined || process.getuid?.() !== 0) {
    throw missing(
      { ...WAYS, others: ['run `apt-get install postgresql` as root (it comes as a Debian package)'] },
      'it is not on PATH, and only root can install the Debian package',
    );
  }
  try {
    // The link is the sign that apt is through; the folder itself is there from its beginning.
    const target = path.join(cacheFolder(), 'postgres');
    const make = async (draft: string) => {
      await install(apt, progress);
      await symlink(path.dirname(newestOfDebian() ?? ''), draft);
    };
    return await realpath(await installOnce({ what: 'PostgreSQL', target, make }, progress));
  } catch (error) {
    throw missing(WAYS, error instanceof Error ? error.message : String(error), error);
  }
}

function newestOfDebian(): string | undefined {
  const versions = namesIn(DEBIAN).toSorted((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => path.join(DEBIAN, version, 'bin'))
    .filter((folder) => executable(path.join(folder, 'initdb')) !== undefined)
    .map((folder) => executable(path.join(folder, 'postgres')))
    .find((program) => program !== undefined);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function install(apt: string, progress: Progress): Promise<void> {
  progress(NOTICE);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await withElapsed(NOTICE, progress, async () => {
    await mustRun(apt, ['update', '-qq'], { env });
    await mustRun(apt, ['install', '-y', '-qq', '--no-install-recommends', 'postgresql'], { env });
  });
}
