import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProcessTrainer } from '../../../src/trainers/process-trainer.js';
import type { TrainingJob } from '../../../src/trainers/trainer.js';
import { trainerContract } from '../../contracts/trainer.js';
import { PRELUDE } from '../../contracts/trainer-bench.js';
import { jobIn } from './job-in.js';
import { asCommand, asEntry, python } from './programs.js';

trainerContract('process', () => new ProcessTrainer({ python }), asCommand);

describe('process trainer', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'perennial-trainer-test-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const train = (trainer: ProcessTrainer, job: TrainingJob) =>
    trainer.train(job, { signal: new AbortController().signal, progress: () => undefined });

  test('environment, is PATH and little more', async () => {
    const script = `${PRELUDE}model(); metrics(); write("seen", json.dumps(dict(os.environ)))`;
    await train(new ProcessTrainer({ python }), jobIn(folder, await asCommand(script)));
    const seen = JSON.parse(await readFile(path.join(folder, 'seen'), 'utf8')) as Record<string, string>;
    const known = new Set(['PATH', 'LANG', 'LC_CTYPE', 'HOME', 'TMPDIR', 'PWD', 'OLDPWD', 'SHLVL', '_']);
    const others = Object.keys(seen).filter((name) => !known.has(name) && !name.endsWith('_NUM_THREADS'));
    expect(others.toSorted()).toEqual(['PERENNIAL_JOB', 'PERENNIAL_PARENT_PIPE', 'PYTHONHASHSEED', 'PYTHONUNBUFFERED']);
  });

  test('arguments, reach the program as they are, never through a shell', async () => {
    const odd = ['$(touch hacked)', '; touch hacked', '--', '*', "it's"];
    const script = `${PRELUDE}model(); metrics(); write("seen", json.dumps(sys.argv[1:-1]))`;
    const { command = [] } = await asCommand(script);
    await train(new ProcessTrainer({ python }), jobIn(folder, { command: [...command, ...odd] }));
    expect(JSON.parse(await readFile(path.join(folder, 'seen'), 'utf8'))).toEqual(odd);
    expect(existsSync(path.join(folder, 'hacked'))).toBe(false);
  });

  test('a file of a code bundle, is run with the modules beside it', async () => {
    const job = jobIn(folder, await asEntry(`${PRELUDE}import main\nmodel(); metrics()`, folder));
    expect((await train(new ProcessTrainer({ python }), job)).metrics).toEqual({ auc: 0.8 });
  });

  test('a program that is not there, is named', async () => {
    const wrong = train(new ProcessTrainer({ python }), jobIn(folder, { command: ['no-such-trainer', '--fast'] }));
    await expect(wrong).rejects.toMatchObject({
      message: expect.stringContaining('"no-such-trainer"') as string,
      fix: expect.stringContaining('trainer.command') as string,
    });
  });
});
