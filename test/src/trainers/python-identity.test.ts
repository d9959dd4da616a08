import { execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { basePython } from '../../../src/dev/base-python.js';
import { ProcessTrainer } from '../../../src/trainers/process-trainer.js';
import { PythonIdentity } from '../../../src/trainers/python-identity.js';

const PACKAGE = 'perennial_trainer';
let folder: string;
let python: string;
let site: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-identity-'));
  const base = await basePython();
  await promisify(execFile)(base.python, ['-m', 'venv', '--without-pip', folder]);
  python = join(folder, 'bin', 'python');
  site = join(folder, 'lib', `python${base.version}`, 'site-packages');
  await mkdir(join(site, PACKAGE));
  await writeFile(join(site, PACKAGE, '__init__.py'), 'VERSION = 1\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('identity, is the same as long as nothing changes, and another one with other code or other packages', async () => {
  const identities = new PythonIdentity();
  const seen = [await identities.of(python)];
  expect(await identities.of(python)).toEqual(seen[0]);
  expect(await new PythonIdentity().of(python)).toEqual(seen[0]);
  expect(seen[0]?.[0]).toMatch(/^3\.\d+\.\d+ /);

  await appendFile(join(site, PACKAGE, '__init__.py'), 'VERSION = 2\n');
  seen.push(await identities.of(python));
  await mkdir(join(site, 'extra-1.0.dist-info'));
  seen.push(await identities.of(python));
  await rm(join(site, 'extra-1.0.dist-info'), { recursive: true });
  await mkdir(join(site, 'extra-1.1.dist-info'));
  seen.push(await identities.of(python));
  expect(new Set(seen.map((each) => JSON.stringify(each))).size).toBe(4);
  // Running the trainer leaves compiled files, which change nothing.
  await promisify(execFile)(python, ['-c', `import ${PACKAGE}`]);
  expect(await identities.of(python)).toEqual(seen[3]);
});

it('identity, is another one when a package is replaced by another build of the same version, and not by its installation alone', async () => {
  const identities = new PythonIdentity();
  const info = join(site, 'built-2.0.dist-info');
  await mkdir(info);
  const list = async (...lines: string[]) => {
    await writeFile(join(info, 'RECORD'), `${lines.join('\n')}\n`);
    return await identities.of(python);
  };
  const [code, more] = ['built/__init__.py,sha256=abc,10', 'built/more.py,sha256=def,20'];
  const first = await list(code, more);
  const installedElsewhere = [
    'built/__pycache__/more.cpython-311.pyc,,',
    '../../../bin/built,sha256=123,200',
    'built-2.0.dist-info/INSTALLER,sha256=456,4',
  ];
  expect(await list(...installedElsewhere, more, code)).toEqual(first);
  expect(await list(code, 'built/more.py,sha256=dee,20')).not.toEqual(first);
  expect(await list(code, more)).toEqual(first);
});

it('identity of a process trainer, tells its variables apart, and is none for what is no Python with a trainer', async () => {
  const trainer = (path: string, environment = {}) => new ProcessTrainer({ python: async () => path, environment });
  const plain = await trainer(python).identity();
  expect(plain).toBeDefined();
  expect(await trainer(python, { OMP_NUM_THREADS: '4' }).identity()).not.toEqual(plain);
  expect(await trainer(join(folder, 'none')).identity()).toBeUndefined();
  expect(await trainer('/bin/true').identity()).toBeUndefined();
});
