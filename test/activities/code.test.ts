import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { prepareCode } from '../../activities/code.js';
import { defineModel } from '../../src/define-model.js';
import type { CodeBundle } from '../../src/domain/code.js';
import { TrainerEnvironmentError } from '../../src/errors.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { temporaryFolder } from '../src/dev/stand-ins.js';
import { noCode } from '../support/no-code.js';
import { toySpec } from '../support/toy-data.js';

const sha256 = 'c'.repeat(64);
const code: CodeBundle = { ref: { key: `blobs/sha256/cc/${sha256}`, sha256, bytes: 1 }, files: 1 };
const options = { signal: new AbortController().signal, progress: () => undefined };

let bin: string;
beforeEach(async () => {
  bin = await temporaryFolder();
  await mkdir(path.join(bin, 'folder'));
  for (const name of ['python', 'notes.txt']) await writeFile(path.join(bin, name), '');
  await chmod(path.join(bin, 'python'), 0o755);
});

async function prepared(trainer: ModelSpecInput['trainer'], bundle: CodeBundle | undefined = code) {
  const deps = {
    codeFolder: async () => '/unpacked',
    environment: async () => ({ python: '/env/bin/python', version: '3.11.7', bin: [bin] }),
  };
  const spec = defineModel(toySpec('toy', 'data', { trainer }));
  return await prepareCode(bundle ? deps : noCode, { spec, ...(bundle && { code: bundle }) }, options);
}

describe('what a job gets', () => {
  it('of its command: ./ is the bundle, a program of the environment comes first, all else stays', async () => {
    const command = async (...words: string[]) => (await prepared({ code: 'x', command: words })).command;
    expect(await command('python', './a/../train.py', '--to=./x', 'python')).toEqual([
      path.join(bin, 'python'),
      '/unpacked/train.py',
      '--to=./x',
      'python',
    ]);
    expect(await command('./run.sh')).toEqual(['/unpacked/run.sh']);
    expect(await command('notes.txt')).toEqual(['notes.txt']);
    expect(await command('/usr/bin/python')).toEqual(['/usr/bin/python']);
  });

  it('of its environment: the interpreter, first on PATH, and the code by its digest', async () => {
    const job = await prepared({ code: 'x', entry: 'train.py', environment: { MODE: 'fast' } });
    expect(job).toMatchObject({
      code: { folder: '/unpacked', sha256 },
      python: '/env/bin/python',
      pythonVersion: '3.11.7',
      environment: { MODE: 'fast' },
      secrets: [],
    });
    expect(job.environment['PATH']?.split(path.delimiter)[0]).toBe(bin);
  });

  it('of a trainer without code: its variables, and nothing is fetched', async () => {
    vi.stubEnv('TOKEN_HERE', 'hush');
    const environment = { TOKEN: { env: 'TOKEN_HERE' }, MODE: 'fast' };
    const job = await prepareCode(
      noCode,
      { spec: defineModel(toySpec('toy', 'data', { trainer: { environment } })) },
      options,
    );
    expect(job).toEqual({ environment: { TOKEN: 'hush', MODE: 'fast' }, secrets: ['hush'] });
    vi.unstubAllEnvs();
  });
});

it.each([undefined, ''])(
  'a variable that the worker has as %j fails the training, with its name and no retry',
  async (value) => {
    vi.stubEnv('TOKEN_HERE', value);
    const error = await prepared({ environment: { TOKEN: { env: 'TOKEN_HERE' } } }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TrainerEnvironmentError);
    expect(error).toMatchObject({
      code: 'TRAINER.ENVIRONMENT',
      next: 'fail',
      message: expect.stringContaining('trainer.environment.TOKEN'),
      fix: expect.stringContaining('TOKEN_HERE'),
    });
    vi.unstubAllEnvs();
  },
);
