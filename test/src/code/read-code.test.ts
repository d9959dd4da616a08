import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { SpecInvalidError } from '../../../src/errors.js';
import { readSpecFile } from '../../../src/spec/file.js';
import { temporaryFolder } from '../dev/stand-ins.js';
import { SMALLEST } from '../spec/example.js';
import { writeTree } from './tree.js';

const LOCK = `numpy==2 --hash=sha256:${'a'.repeat(64)}\n`;

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  await writeTree(folder, { 'churn/train.py': '', 'churn/lib/a.py': '', 'churn/run.sh': { content: '', mode: 0o755 } });
});

async function read(trainer: object) {
  await writeTree(folder, { 'spec.json': JSON.stringify({ ...SMALLEST, trainer }, null, 1) });
  return await readSpecFile(path.join(folder, 'spec.json'));
}

async function problems(trainer: object): Promise<string[]> {
  const error = await read(trainer).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SpecInvalidError);
  // Just checked.
  return (error as SpecInvalidError).problems.map((each) => {
    expect(each).toMatchObject({ file: path.join(folder, 'spec.json'), line: expect.any(Number) });
    return `${each.path}: ${each.message}`;
  });
}

describe('a spec with code', () => {
  it('brings the packed folder along, and says of it what a worker needs', async () => {
    await writeTree(folder, { 'churn/requirements.lock': LOCK });
    const { spec, code, codeTar } = await read({ code: './churn', entry: 'train.py' });
    expect(spec.trainer).toMatchObject({ code: './churn', entry: 'train.py' });
    expect(code).toMatchObject({ files: 4, lock: { file: 'requirements.lock' }, ref: { bytes: codeTar?.length } });
  });

  it('keeps the paths of its command as they are: they are paths in the bundle', async () => {
    const command = ['python', './train.py', './lib', '--out=../x'];
    expect((await read({ code: 'churn', command })).spec.trainer.command).toEqual(command);
  });

  it('may bring no more than the packages of a built-in estimator', async () => {
    await writeTree(folder, { 'libraries/requirements.lock': LOCK });
    expect((await read({ code: 'libraries' })).code).toMatchObject({ files: 1 });
  });

  it.each<[what: string, trainer: object, message: RegExp]>([
    [
      'a folder that is not there',
      { code: './no', entry: 'a.py' },
      /^trainer\.code: .*found nothing there, want a folder/,
    ],
    ['a file', { code: './churn/train.py', entry: 'a.py' }, /^trainer\.code: .*found a file there, want a folder/],
    ['an entry that is not in it', { code: 'churn', entry: 'fit.py' }, /^trainer\.entry: found no "fit\.py" among/],
    [
      'an entry outside',
      { code: 'churn', entry: 'a/../../x.py' },
      /^trainer\.entry: .*want a file inside trainer\.code/,
    ],
    ['an entry without code', { entry: 'train.py' }, /^trainer\.entry: .*want trainer\.code as well/],
    [
      'entry and command',
      { code: 'churn', entry: 'train.py', command: ['x'] },
      /^trainer\.entry: .*want one of the two/,
    ],
    [
      'an entry of kind process',
      { kind: 'process', code: 'churn', entry: 'train.py' },
      /^trainer\.entry: .*kind python/,
    ],
    [
      'an entry and an estimator',
      { code: 'churn', entry: 'train.py', estimator: 'mine' },
      /^trainer\.estimator: .*an entry/,
    ],
    [
      'a command outside',
      { code: 'churn', command: ['python', '../x.py'] },
      /^trainer\.command\[1\]: .*outside of trainer/,
    ],
    ['a program that is not there', { code: 'churn', command: ['./fit.sh'] }, /^trainer\.command\[0\]: found no/],
    ['a program that cannot be run', { code: 'churn', command: ['./train.py'] }, /^trainer\.command\[0\]: .*chmod \+x/],
    ['a lack of anything to run', { code: 'churn' }, /^trainer\.code: found neither entry nor command/],
    ['a variable of the engine', { environment: { PATH: '/x' } }, /^trainer\.environment\.PATH: .*sets itself/],
    ['another one', { environment: { LD_PRELOAD: 'x' } }, /^trainer\.environment\.LD_PRELOAD: .*sets itself/],
    ['one of ours', { environment: { PERENNIAL_JOB: 'x' } }, /^trainer\.environment\.PERENNIAL_JOB: .*sets itself/],
  ])('is told of %s', async (_what, trainer, message) => {
    expect(await problems(trainer)).toEqual([expect.stringMatching(message)]);
  });

  it('is told of all its problems at once', async () => {
    await writeTree(folder, { 'churn/requirements.lock': 'numpy\n' });
    const all = await problems({ code: 'churn', entry: 'fit.py', kind: 'process', environment: { PYTHONPATH: 'x' } });
    expect(all.map((each) => each.replace(/:.*/, ''))).toEqual([
      'trainer.code',
      'trainer.entry',
      'trainer.environment.PYTHONPATH',
    ]);
  });
});
