import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Trial } from '../../../src/domain/search.js';
import { runTrials } from '../../../src/trainers/run-trials.js';
import { startProcess } from '../../../src/trainers/start-process.js';
import type { TrainingLimits, TrialsJob } from '../../../src/trainers/trainer.js';
import { jobIn } from './job-in.js';

/** Stands for the module of the trainer: a script in Node that sees the search file and what it knows. */
const PRELUDE = `
  const fs = require('node:fs');
  const search = JSON.parse(fs.readFileSync(process.argv.at(-1), 'utf8'));
  const known = fs.readFileSync(search.known, 'utf8').split('\\n').filter(Boolean).length;
  const say = (trial, state) => {
    const line = JSON.stringify({ trial, state }) + '\\n';
    if (state === 'running') fs.writeSync(2, line);
    fs.writeSync(1, line);
  };
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

interface Changes {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly secrets?: readonly string[];
  readonly limits?: TrainingLimits;
  readonly log?: (line: string, trial?: number) => void;
}

async function run(code: string, changes: Changes = {}) {
  const { timeoutMs = 60_000, signal = new AbortController().signal, secrets = [], limits = {}, log } = changes;
  const told: Trial[] = [];
  const environment = {};
  const job: TrialsJob = {
    job: { ...jobIn(folder), timeoutMs, secrets, limits, graceMs: 100 },
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
  await runTrials(job, { signal, trial: (trial) => told.push(trial), ...(log && { log }) }, (file) =>
    startProcess([...command, file], { folder, environment, limits, supervisor: () => Promise.resolve(undefined) }),
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

  test('what one prints is known as its own, without secrets, also when it takes the program down', async () => {
    const lines: [number | undefined, string][] = [];
    await run(
      `
      console.error('before all, with s3cr3t-value');
      for (const { number } of search.trials) {
        say(number, 'running');
        console.error('fits ' + number);
        if (number === 1) process.exit(9);
        end(number);
        console.error('after ' + number);
      }`,
      { secrets: ['s3cr3t-value'], log: (line, trial) => lines.push([trial, line]) },
    );
    const said = (number: number) => [number, `fits ${number}`] as const;
    const after = (number: number) => [number, `after ${number}`] as const;
    const before = [undefined, 'before all, with ***'] as const;
    expect(lines).toEqual([before, said(0), after(0), said(1), before, said(2), after(2), said(3), after(3)]);
  });

  test('the processor time of a trial is limited, and not that of all trials of a program', async () => {
    const told = await run(
      `
      const used = () => process.cpuUsage().user + process.cpuUsage().system;
      for (const { number } of search.trials) {
        say(number, 'running');
        const until = used() + 0.8e6;
        while (used() < until || number === 3);
        end(number);
      }`,
      { limits: { cpuSeconds: 2 } },
    );
    expect(told.map(({ number, state }) => [number, state])).toEqual([
      [0, 'complete'],
      [1, 'complete'],
      [2, 'complete'],
      [3, 'failed'],
    ]);
    expect(told[3]?.reason).toContain('it used up its processor time, and may not go over 2 s');
  });

  test('end with the reason of an abort', async () => {
    const aborter = new AbortController();
    const reason = new Error('the worker stops');
    const running = run(`say(0, 'running'); setInterval(() => {}, 1000)`, { signal: aborter.signal });
    setTimeout(() => aborter.abort(reason), 300);
    await expect(running).rejects.toBe(reason);
  });
});
