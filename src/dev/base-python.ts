import { SetupMissingError } from '../errors.js';
import { programOnPath } from './find-program.js';
import { mustRun, runCommand } from './run-command.js';

/** A Python that we build on. */
export interface BasePython {
  /** The interpreter itself, no shim and no link. */
  readonly python: string;
  /** Example: `3.11`. */
  readonly version: string;
}

const NAMES = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
/** Wheels only: what has to be compiled here would need a compiler. */
export const PIP_INSTALL = '-m pip install --quiet --disable-pip-version-check --no-input --only-binary :all:'.split(
  ' ',
);

const FACTS = 'import sys; print(sys.executable); print("%d.%d" % sys.version_info[:2])';

/**
 * The first Python >= 3.10 on PATH.
 *
 * @throws {SetupMissingError} when there is none
 */
export async function basePython(): Promise<BasePython> {
  const old: string[] = [];
  for (const name of NAMES) {
    const program = programOnPath([name]);
    const facts = program === undefined ? undefined : await interpreterFacts(program);
    if (facts === undefined) continue;
    if (supported(facts.version)) return facts;
    old.push(`${name} is ${facts.version}`);
  }
  const found = old.length === 0 ? 'none was found on PATH' : old.join(', ');
  throw new SetupMissingError(`find Python >= 3.10: ${found}`, {
    fix: 'install Python 3.10 or newer (Debian: apt-get install python3 python3-pip), or set PERENNIAL_PYTHON to an interpreter',
  });
}

/** What an interpreter says of itself; undefined when it does not run. */
export async function interpreterFacts(program: string): Promise<BasePython | undefined> {
  const result = await runCommand(program, ['-I', '-c', FACTS]).catch(() => undefined);
  if (result === undefined || result.code !== 0) return undefined;
  const [python, version] = result.stdout.trim().split('\n');
  return python === undefined || version === undefined ? undefined : { python, version };
}

/** Installs one pinned wheel from PyPI, with nothing that it depends on, into a folder. */
export async function installWheel(pin: string, folder: string): Promise<void> {
  const { python } = await basePython();
  await mustRun(python, [...PIP_INSTALL, '--no-deps', '--target', folder, pin]);
}

function supported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 3 && minor >= 10;
}
