import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SetupMissingError } from '../errors.js';
import { interpreterFacts } from './base-python.js';
import { cacheFolder } from '../cache-folder.js';
import { programFromVariable } from './find-program.js';
import { digestTree } from './tree-digest.js';
import { installOnce } from './install-once.js';
import { packageRoot } from './package-root.js';
import { toStderr, type Progress } from './progress.js';
import { pythonDependencies } from './python-dependencies.js';
import { mustRun, runCommand, type CommandOptions } from './run-command.js';
import { asTrainer, withoutPythonPath } from './trainer-view.js';

export interface PythonEnvOptions {
  /** Also installs pytest, for the tests of the Python package. Default: false. */
  readonly tests?: boolean;
  /** The folder of the Python package. Default: `python/` beside our package.json. */
  readonly source?: string;
  /** Without it, packages that are not there are an error. Default: true. */
  readonly install?: boolean;
}

/** A Python that can train. */
export interface PythonEnv {
  /** Path of an interpreter that imports `perennial_trainer` and all it needs. */
  readonly python: string;
}

const TRAINER = 'perennial_trainer';

/**
 * The Python environment of the trainers. The packages come from, in this order: the interpreter that
 * `PERENNIAL_PYTHON` names; `python3` on PATH, if it has every package at the locked version; an environment in our
 * cache, installed from the lock with hashes. A thin environment on top, named by the digest of our Python sources,
 * holds `perennial_trainer` itself, so that an edited trainer is never taken for an older one. Only an interpreter
 * named by the variable that already has the trainer is used as it is.
 *
 * @throws {SetupMissingError} naming the ways to get it
 */
export async function pythonEnv(progress: Progress = toStderr, options: PythonEnvOptions = {}): Promise<PythonEnv> {
  const source = options.source ?? path.join(packageRoot(), 'python');
  const named = await namedPython();
  if (named !== undefined && (await imports(named, TRAINER))) return { python: named };
  const locks = [path.join(source, 'requirements.lock')];
  if (options.tests === true) locks.push(path.join(source, 'requirements-test.lock'));
  const base = named ?? (await pythonDependencies(locks, progress, options.install ?? true));
  return { python: await withTrainer(base, progress, { source }) };
}

export interface WithTrainerOptions {
  /** The folder of the Python package. Default: `python/` beside our package.json. */
  readonly source?: string;
  /** Packages of a user run code when Python starts: it sees no variable of ours. Default: false. */
  readonly isolated?: boolean;
  readonly signal?: AbortSignal;
}

/** The interpreter of a thin environment that has `perennial_trainer` and sees the packages of `base`. */
export async function withTrainer(base: string, progress: Progress, options: WithTrainerOptions = {}): Promise<string> {
  const { source = path.join(packageRoot(), 'python'), isolated = false, signal } = options;
  const sources = path.join(source, 'src');
  const target = path.join(cacheFolder(), 'python', `trainer-${await digestTree(sources, base)}`);
  const look = isolated ? asTrainer() : withoutPythonPath();
  const make = (draft: string) => layTrainerOver(base, sources, draft, look);
  await installOnce({ what: 'the Python trainer', target, make, ...(signal && { signal }) }, progress);
  return path.join(target, 'bin', 'python');
}

/** The interpreter that `PERENNIAL_PYTHON` names. */
export async function namedPython(): Promise<string | undefined> {
  const program = programFromVariable('PERENNIAL_PYTHON');
  if (program === undefined) return undefined;
  const facts = await interpreterFacts(program);
  if (facts !== undefined) return program;
  throw new SetupMissingError(`use the Python that PERENNIAL_PYTHON names, "${program}": it does not run Python code`, {
    fix: 'set PERENNIAL_PYTHON to an interpreter of Python 3.10 or newer, or unset it',
  });
}

async function imports(python: string, module: string): Promise<boolean> {
  const code = 'import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)';
  return (await runCommand(python, ['-c', code, module], asTrainer())).code === 0;
}

/** A virtual environment without packages of its own, but for the trainer, that sees those of another interpreter. */
async function layTrainerOver(base: string, sources: string, draft: string, look: CommandOptions): Promise<void> {
  const folders = await mustRun(
    base,
    ['-c', 'import sys; print(*[p for p in sys.path if p.endswith("-packages")], sep="\\n")'],
    look,
  );
  await mustRun(base, ['-m', 'venv', '--without-pip', draft], look);
  const python = path.join(draft, 'bin', 'python');
  const site = (await mustRun(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'])).trim();
  await cp(sources, site, { recursive: true, filter: (file) => !file.endsWith('__pycache__') });
  const lines = folders.trim().split('\n').filter(Boolean);
  // addsitedir, not a bare path: packages may bring .pth files of their own.
  await writeFile(
    path.join(site, 'perennial_base.pth'),
    lines.map((line) => `import site; site.addsitedir(${JSON.stringify(line)})\n`).join(''),
  );
  await mustRun(python, ['-c', `import ${TRAINER}`], asTrainer());
}
