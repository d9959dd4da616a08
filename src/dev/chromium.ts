import { programFromVariable, executable, programOnPath } from './find-program.js';
import { installOnce } from './install-once.js';
import { missing } from './missing.js';
import { toStderr, withElapsed, type Progress } from './progress.js';
import { mustRun } from './run-command.js';

const WAYS = { name: 'Chromium', variable: 'PERENNIAL_CHROMIUM_BIN' };
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
const DEBIAN = '/usr/bin/chromium';
const NOTICE = 'installing Chromium (the Debian package chromium, as root; browser tests open the Temporal UI with it)';

/**
 * The path of a Chromium for browser tests: `PERENNIAL_CHROMIUM_BIN`, PATH, or, only as root on Debian, its package.
 *
 * @throws {SetupMissingError} where it cannot be installed from here, naming the command that does
 */
export async function chromiumBinary(progress: Progress = toStderr): Promise<string> {
  const found = programFromVariable(WAYS.variable) ?? programOnPath(NAMES) ?? executable(MAC);
  if (found !== undefined) return found;
  const apt = programOnPath(['apt-get']);
  if (apt === undefined || process.getuid?.() !== 0) {
    throw missing(
      { ...WAYS, others: ['run `apt-get install chromium` as root (it comes as a Debian package)'] },
      'it is not on PATH, and only root can install the Debian package',
    );
  }
  try {
    // The target lies outside our cache: apt itself makes it appear whole, so there is nothing to move.
    return await installOnce(
      { what: 'Chromium', target: DEBIAN, inPlace: true, make: () => install(apt, progress) },
      progress,
    );
  } catch (error) {
    throw missing(WAYS, error instanceof Error ? error.message : String(error), error);
  }
}

async function install(apt: string, progress: Progress): Promise<void> {
  progress(NOTICE);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await withElapsed(NOTICE, progress, async () => {
    await mustRun(apt, ['update', '-qq'], { env });
    await mustRun(apt, ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], { env });
  });
}
