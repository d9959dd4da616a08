import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { basePython } from '../../../src/dev/base-python.js';
import { pythonEnv } from '../../../src/dev/python-env.js';
import { mustRun } from '../../../src/dev/run-command.js';
import { SetupMissingError } from '../../../src/errors.js';
import { standIn, temporaryFolder } from './stand-ins.js';

const silent = () => undefined;
let folder: string;
let source: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  source = path.join(folder, 'python');
  vi.stubEnv('PERENNIAL_CACHE', path.join(folder, 'cache'));
  vi.stubEnv('PERENNIAL_PYTHON', undefined);
  await mkdir(path.join(source, 'src', 'perennial_trainer'), { recursive: true });
  await writeFile(path.join(source, 'requirements.lock'), '# nothing\n');
  await writeTrainer('one');
});
afterEach(() => vi.unstubAllEnvs());

it('a Python on PATH that has every locked package carries the trainer, and an edited trainer is another environment', async () => {
  const { python } = await pythonEnv(silent, { source });
  expect(await version(python)).toBe('one');
  expect(await pythonEnv(silent, { source, install: false })).toEqual({ python });
  await writeTrainer('two');
  const edited = await pythonEnv(silent, { source });
  expect(await version(edited.python)).toBe('two');
  expect(await version(python)).toBe('one');
});

it('a Python that lacks a locked package, or has another version of it, is not used', async () => {
  for (const line of ['perennial-no-such-package==1.0', 'pip==0.0.1 ; python_version > "3"']) {
    await writeFile(path.join(source, 'requirements.lock'), `${line} \\\n    --hash=sha256:${'0'.repeat(64)}\n`);
    const error = await pythonEnv(silent, { source, install: false }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SetupMissingError);
    expect((error as SetupMissingError).fix).toContain('PERENNIAL_PYTHON');
  }
});

it('a Python that the variable names gets the trainer laid over it, with the packages it has', async () => {
  const { python: base } = await basePython();
  const own = path.join(folder, 'own');
  await mustRun(base, ['-m', 'venv', '--without-pip', own]);
  const named = path.join(own, 'bin', 'python');
  const site = (await mustRun(named, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'])).trim();
  await writeFile(path.join(site, 'their_package.py'), 'x = 42\n');
  vi.stubEnv('PERENNIAL_PYTHON', named);
  // The lock is theirs to keep: it is not asked for.
  await writeFile(path.join(source, 'requirements.lock'), 'perennial-no-such-package==1.0\n');
  const { python } = await pythonEnv(silent, { source });
  expect(await mustRun(python, ['-c', 'import their_package, perennial_trainer; print(their_package.x)'])).toBe('42\n');
});

it('a Python that the variable names and that has a trainer is used as it is', async () => {
  const { python } = await pythonEnv(silent, { source });
  vi.stubEnv('PERENNIAL_PYTHON', python);
  await writeTrainer('two');
  expect(await pythonEnv(silent, { source })).toEqual({ python });
});

it('a Python that finds a trainer only by PYTHONPATH, which no trainer gets, has it laid over', async () => {
  const { python: base } = await basePython();
  vi.stubEnv('PERENNIAL_PYTHON', base);
  vi.stubEnv('PYTHONPATH', path.join(source, 'src'));
  const { python } = await pythonEnv(silent, { source });
  expect(python).not.toBe(base);
  vi.stubEnv('PYTHONPATH', undefined);
  expect(await version(python)).toBe('one');
});

it('a variable that names something that is no Python is refused', async () => {
  vi.stubEnv('PERENNIAL_PYTHON', await standIn(path.join(folder, 'python3'), 'exit 3'));
  await expect(pythonEnv(silent, { source })).rejects.toThrow(
    /PERENNIAL_PYTHON names, ".*": it does not run Python code/,
  );
});

it('a Python that is too old is named in the error', async () => {
  await standIn(path.join(folder, 'path', 'python3'), 'echo "$0"; echo 3.8');
  vi.stubEnv('PATH', path.join(folder, 'path'));
  await expect(pythonEnv(silent, { source })).rejects.toThrow('find Python >= 3.10: python3 is 3.8');
});

it('the environment of the project imports the trainer and what the lock names', async () => {
  vi.stubEnv('PERENNIAL_CACHE', undefined);
  const { python } = await pythonEnv();
  const text = await readFile(new URL('../../../python/requirements.lock', import.meta.url), 'utf8');
  const wanted = /^protobuf==(\S+)/m.exec(text)?.[1];
  expect(
    (await mustRun(python, ['-c', 'import perennial_trainer, google.protobuf as p; print(p.__version__)'])).trim(),
  ).toBe(wanted);
});

async function writeTrainer(name: string): Promise<void> {
  await writeFile(path.join(source, 'src', 'perennial_trainer', '__init__.py'), `NAME = ${JSON.stringify(name)}\n`);
}

async function version(python: string): Promise<string> {
  return (await mustRun(python, ['-c', 'import perennial_trainer; print(perennial_trainer.NAME)'])).trim();
}
