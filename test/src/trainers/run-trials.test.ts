import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Trial } from '../../../src/domain/search.js';
import { runTrials } from '../../../src/trainers/run-trials.js';
import { startProcess } from '../../../src/trainers/start-process.js';
import type { TrialsJob } from '../../../src/trainers/trainer.js';
import { jobIn } from './job-in.js';

/** Stands for the module of the trainer: a script in Node that sees the search file and what it knows. */
const PRELUDE = `
  const fs = require('node:fs');
  const search = JSON.parse(fs.readFileSync(process.argv.at(-1), 'utf8'));
  const known = fs.readFileSync(search.known, 'utf8').split('\\n').filter(Boolean).length;
  const say = (trial, state) => fs.writeSync(1, JSON.stringify({ trial, state }) + '\\n');
  const end = (number, state = 'complete') => {
    fs.appendFileSync(search.results, JSON.stringify({ number, state, value: number, parameters: { known }, seconds: 1 }) + '\\n');
    say(number, state);
  };
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-trials-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(code: string, changes: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}) {
  const { timeoutMs = 60_000, signal = new AbortController().signal } = changes;
  const told: Trial[] = [];
  const environment = {};
  const job: TrialsJob = {
    job: { ...jobIn(folder), timeoutMs, graceMs: 100 },
    study: {
      sampler: 'tpe',
      space: {},
      fixed: {},
      seed: 7,
      metric: 'brier',
      direction: 'minimize',
      pruner: { kind: 'none' },
    },
    trials: [0, 1, 2, 3].map((number) => ({ number })),
    known: [],
    seconds: 600,
    what: 'fit',
  };
  const command = [process.execPath, '-e', PRELUDE + code];
  await runTrials(job, { signal, trial: (trial) => told.push(trial) }, (file) =>
    startProcess([...command, file], { folder, environment, limits: {}, supervisor: () => Promise.resolve(undefined) }),
  );
  return told;
}

describe('trials in a program', () => {
  test('are told as they end, whatever else the program prints', async () => {
    const told = await run(
      `for (const { number } of search.trials) { say(number, 'running'); console.log('{"trial": "x"}'); end(number) }`,
    );
    expect(told.map(({ number, value }) => [number, value])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  test('one that takes its program down has failed for that, and the others run in the next program', async () => {
    const told = await run(`
      for (const { number } of search.trials) {
        say(number, 'running');
        if (number === 1) { console.error('out of luck'); process.exit(9) }
        end(number);
      }`);
    expect(told.map(({ number, state }) => [number, state])).toEqual([
      [0, 'complete'],
      [1, 'failed'],
      [2, 'complete'],
      [3, 'complete'],
    ]);
    expect(told[1]?.reason).toContain('exited with code 9');
    // The second program was told of the two before it.
    expect(told.map(({ parameters }) => parameters['known'])).toEqual([0, undefined, 2, 2]);
  });

  test('one that takes too long is ended and has failed for that', async () => {
    const told = await run(
      `for (const { number } of search.trials) {
        say(number, 'running');
        if (number === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        end(number);
      }`,
      { timeoutMs: 1000 },
    );
    expect(told.map(({ number, state }) => [number, state])).toEqual([
      [0, 'failed'],
      [1, 'complete'],
      [2, 'complete'],
      [3, 'complete'],
    ]);
    expect(told[0]?.reason).toBe('it did not end within 1 s');
  });

  test('a program that ends before any trial begins is an error, and not four trials that failed', async () => {
    const failing = run(
      `console.log(JSON.stringify({ error: { code: 'DATA.EMPTY', message: 'there are no rows' } })); process.exit(1)`,
    );
    await expect(failing).rejects.toMatchObject({
      code: 'TRAIN.FAILED',
      message: expect.stringContaining('there are no rows') as string,
    });
    await expect(run('process.exit(0)')).rejects.toMatchObject({ code: 'TRAIN.FAILED' });
  });

  test('end with the reason of an abort', async () => {
    const aborter = new AbortController();
    const reason = new Error('the worker stops');
    const running = run(`say(0, 'running'); setInterval(() => {}, 1000)`, { signal: aborter.signal });
    setTimeout(() => aborter.abort(reason), 300);
    await expect(running).rejects.toBe(reason);
  });
});
