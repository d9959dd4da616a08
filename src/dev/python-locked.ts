import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { lockedPackages, lockProblem } from '../code/lock-lines.js';
import { cacheFolder } from '../cache-folder.js';
import { markUsed, removeUnused, UNUSED_MS } from '../cache-sweep.js';
import type { CodeBundle } from '../domain/code.js';
import { TrainerPackagesError } from '../errors.js';
import { basePython, interpreterFacts, PIP_INSTALL, type BasePython } from './base-python.js';
import { installOnce } from './install-once.js';
import { installFailure } from './install-failure.js';
import { withElapsed, type Progress } from './progress.js';
import { findUv } from './python-dependencies.js';
import { namedPython, withTrainer } from './python-env.js';
import { mustRun, runCommand, type CommandOptions } from './run-command.js';
import { withoutPythonPath } from './trainer-view.js';

/** Code with a lock, unpacked. */
export interface LockedCode {
  readonly folder: string;
  readonly lock: NonNullable<CodeBundle['lock']>;
}

export interface LockedPython {
  /** Path of an interpreter that imports what the lock names and `perennial_trainer`. */
  readonly python: string;
  /** Folders of its programs and of those that the packages bring. */
  readonly bin: readonly string[];
  /** Where the packages are: {@link markUsed} keeps it. */
  readonly folder?: string;
}

export interface InstallOptions {
  readonly signal?: AbortSignal;
  readonly progress: Progress;
}

/**
 * The Python environment that code locks: made once a lock, Python and machine, however many processes ask at the same
 * time. Wheels only, with hashes. `perennial_trainer` is laid over it, unless the lock has one. Environments that were not
 * used for thirty days are removed when another one is made.
 *
 * @throws {TrainerPackagesError} when a package cannot be had, or is not the one that was locked
 * @throws {ServiceUnreachableError} when the package index cannot be reached
 * @throws {SetupMissingError} when there is no Python
 */
export async function lockedPython(code: LockedCode, { signal, progress }: InstallOptions): Promise<LockedPython> {
  const named = await namedPython();
  const base = (named === undefined ? undefined : await interpreterFacts(named)) ?? (await basePython());
  const { file, sha256 } = code.lock;
  const digest = createHash('sha256')
    .update(JSON.stringify([file, sha256, base]))
    .digest('hex');
  const target = path.join(cacheFolder(), 'python', `locked-${digest.slice(0, 16)}`);
  const python = path.join(target, 'bin', 'python');
  // One whose interpreter was updated or taken away is of no use to anybody.
  if (existsSync(target) && (await interpreterFacts(python)) === undefined) await rm(target, { recursive: true });
  const what = `the packages of ${file} for Python ${base.version}`;
  const make = async (draft: string, scratch: string) => {
    progress(`installing ${what}`);
    await withElapsed(
      `installing ${what}`,
      progress,
      () => install(code, base, { draft, scratch, target }, signal),
      5000,
    );
  };
  const isNew = !(await markUsed(target));
  await installOnce({ what, target, make, ...(signal && { signal }) }, progress);
  if (isNew) await removeUnused(path.dirname(target), (name) => (name.startsWith('locked-') ? UNUSED_MS : Infinity));
  const bin = path.dirname(python);
  if (
    await readFile(path.join(target, HAS_TRAINER)).then(
      () => true,
      () => false,
    )
  )
    return { python, bin: [bin], folder: target };
  const over = await withTrainer(python, progress, { isolated: true, ...(signal && { signal }) });
  return { python: over, bin: [path.dirname(over), bin], folder: target };
}

/** Marks an environment whose lock names the trainer. */
const HAS_TRAINER = 'has-perennial-trainer';

interface Places {
  readonly draft: string;
  readonly scratch: string;
  readonly target: string;
}

async function install(code: LockedCode, base: BasePython, places: Places, signal?: AbortSignal): Promise<void> {
  const { draft, scratch, target } = places;
  const options = { env: { ...withoutPythonPath().env, NO_COLOR: '1' }, ...(signal && { signal }) };
  const { lock } = code;
  const uv = await findUv(path.join(scratch, 'uv'));
  signal?.throwIfAborted();
  const file = path.join(
    lock.file === 'uv.lock' ? scratch : code.folder,
    lock.file === 'uv.lock' ? 'exported.txt' : lock.file,
  );
  if (lock.file === 'uv.lock') await writeFile(file, await exported(uv, code.folder, base, scratch, options));
  await mustRun(base.python, ['-m', 'venv', '--without-pip', draft], options);
  const python = path.join(draft, 'bin', 'python');
  const site = path.join(draft, 'lib', `python${base.version}`, 'site-packages');
  const wanted = ['--require-hashes', '-r', file];
  const result = await (uv === undefined
    ? runCommand(base.python, [...PIP_INSTALL, '--target', site, ...wanted], options)
    : runCommand(uv, ['pip', 'install', '--quiet', '--only-binary', ':all:', '--python', python, ...wanted], options));
  if (result.code !== 0) throw installFailure(lock.file, base.version, result.stderr);
  await ownScripts(path.join(site, 'bin'), draft, target);
  await ownScripts(path.join(draft, 'bin'), draft, target);
  if (lockedPackages(await readFile(file, 'utf8')).includes('perennial-trainer')) {
    await writeFile(path.join(draft, HAS_TRAINER), '');
  }
}

/** What a uv.lock pins, as requirements with hashes. */
async function exported(
  uv: string | undefined,
  folder: string,
  base: BasePython,
  scratch: string,
  options: CommandOptions,
): Promise<string> {
  const instead = 'uv export --no-emit-project --output-file requirements.lock';
  if (uv === undefined) {
    throw new TrainerPackagesError('Cannot install what uv.lock pins: found no uv on this machine', {
      fix: `Install uv where the worker runs, or put a requirements.lock beside it: ${instead}`,
    });
  }
  const result = await runCommand(
    uv,
    [
      'export',
      '--quiet',
      '--frozen',
      '--no-dev',
      '--no-emit-project',
      '--no-header',
      '--project',
      folder,
      '--python',
      base.python,
    ],
    { ...options, cwd: scratch },
  );
  if (result.code !== 0) throw installFailure('uv.lock', base.version, result.stderr);
  const problem = lockProblem(result.stdout);
  if (!problem) return result.stdout;
  throw new TrainerPackagesError(`Cannot install what uv.lock pins: ${problem.message}`, {
    fix: 'Take packages from an index, where they have hashes, and put code of your own into the folder of the trainer.',
  });
}

/** Programs that packages bring name the interpreter of the draft, or of the installer: they are given the one to come. */
async function ownScripts(folder: string, draft: string, target: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const file = path.join(folder, entry.name);
    const bytes = entry.isFile() ? await readFile(file) : Buffer.alloc(0);
    const end = bytes.indexOf('\n');
    const isScript = /^#!.*python[\d.]*$/.test(bytes.toString('latin1', 0, Math.max(0, end)));
    if (!isScript) continue;
    const rest = bytes.subarray(end);
    await writeFile(file, Buffer.concat([Buffer.from(`#!${path.join(target, 'bin', 'python')}`), rest]));
    await rename(file, path.join(draft, 'bin', entry.name));
  }
}
