import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TrainerFailedError, TrainerTimeoutError, type PerennialError } from '../../src/errors.js';
import type { Trainer, TrainingJob, TrainingOutput, TrainingProgress } from '../../src/trainers/trainer.js';
import { jobIn } from '../src/trainers/job-in.js';

/** Before every script: the job, and what a good trainer does. */
const PRELUDE = `
  const fs = require('node:fs'), { spawn, execFileSync } = require('node:child_process');
  const job = JSON.parse(fs.readFileSync(process.argv.at(-1), 'utf8'));
  const say = (content) => fs.writeSync(1, JSON.stringify(content) + '\\n');
  const model = () => fs.writeFileSync(job.output + '/model.onnx', 'a model');
  const metrics = (text = '{"metrics":{"auc":0.8},"versions":{"node":"20"}}') =>
    fs.writeFileSync(job.output + '/metrics.json', text);
  const forever = () => setInterval(() => undefined, 1000);
`;

/** A trainer program written in Node, as the command of a job. */
export function script(code: string): string[] {
  return [process.execPath, '-e', PRELUDE + code];
}

/** Processes that work in a folder: those of a job, however they were started. */
export async function processesIn(folder: string): Promise<string[]> {
  const place = await realpath(folder);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, index) => places[index] === place);
}

/**
 * What every kind of trainer promises, whatever the program does that it runs. The programs are small scripts, given as
 * the job's command.
 */
export function trainerContract(name: string, make: () => Trainer | Promise<Trainer>): void {
  describe(`trainer contract: ${name}`, () => {
    let folder: string;
    let trainer: Trainer;
    let heard: TrainingProgress[];
    let aborter: AbortController;

    beforeEach(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'perennial-trainer-test-'));
      trainer = await make();
      heard = [];
      aborter = new AbortController();
    });
    afterEach(async () => {
      await rm(folder, { recursive: true, force: true });
    });

    const train = (code: string, changes: Partial<TrainingJob> = {}): Promise<TrainingOutput> =>
      trainer.train(jobIn(folder, { command: script(code), ...changes }), {
        signal: aborter.signal,
        progress: (progress) => {
          heard.push(progress);
        },
      });
    const failure = async (code: string, changes: Partial<TrainingJob> = {}): Promise<PerennialError> => {
      const error = await train(code, changes).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(TrainerFailedError);
      expect(await processesIn(folder)).toEqual([]);
      // Just checked.
      return error as TrainerFailedError;
    };
    const logOf = (error: PerennialError): string => (error.details['log'] as string[]).join('\n');
    /** Waits for a file that a script writes when it has come so far. */
    const reached = async (file: string): Promise<void> => {
      await expect.poll(() => existsSync(path.join(folder, file)), { timeout: 20_000, interval: 10 }).toBe(true);
    };

    describe('a good trainer', () => {
      test('job.json, says everything about the job in the words of the contract', async () => {
        await train(`model(); metrics(); fs.copyFileSync(process.argv.at(-1), 'seen.json')`);
        expect(JSON.parse(await readFile(path.join(folder, 'seen.json'), 'utf8'))).toEqual({
          schemaVersion: 1,
          data: { train: '/data/train.parquet', validation: '/data/validation.parquet' },
          label: 'late',
          features: [
            { name: 'origin', type: 'string' },
            { name: 'distance', type: 'integer' },
          ],
          estimator: 'gradient-boosting',
          parameters: { depth: 3 },
          seed: 7,
          timeBudgetSeconds: 30,
          output: 'output',
          checkpoints: 'checkpoints',
        });
      });

      test('output, comes back with its metrics and versions', async () => {
        const output = await train(`model(); metrics(); fs.writeFileSync('checkpoints/1', 'x')`);
        expect(output).toEqual({
          model: path.join(folder, 'output', 'model.onnx'),
          metrics: { auc: 0.8 },
          versions: { node: '20' },
        });
      });

      test('versions, may be left out', async () => {
        expect((await train(`model(); metrics('{"metrics":{}}')`)).versions).toEqual({});
      });

      test('progress, is passed on in order, between other output, the last one always', async () => {
        await train(`
          say({ progress: 0.25, message: 'reading' });
          fs.writeSync(1, 'log\\n{ no json\\n{"other":1}\\n[1]\\nnull\\n');
          for (let i = 0; i < 500; i += 1) say({ progress: 0.5, message: 'step ' + i });
          say({ progress: 7, message: 'done' });
          model(); metrics();
        `);
        expect(heard[0]).toEqual({ done: 0.25, message: 'reading' });
        expect(heard.at(-1)).toEqual({ done: 1, message: 'done' });
        // 500 messages in a few milliseconds are more than anybody wants to hear.
        expect(heard.length).toBeLessThan(50);
      });

      test('progress, survives values of the wrong type', async () => {
        await train(`say({ progress: 'half', message: 5 }); model(); metrics();`);
        expect(heard).toEqual([{ message: '' }]);
      });
    });

    describe('a trainer that fails', () => {
      test('an error line, becomes the message', async () => {
        const error = await failure(
          `say({ error: { code: 'DATA.LABEL', message: 'use the label "late": it is missing in 3 rows' } }); process.exit(1)`,
        );
        expect(error.message).toContain('use the label "late": it is missing in 3 rows');
        expect(error.details).toMatchObject({ exitCode: 1, reported: 'DATA.LABEL' });
      });

      test('an error line of the wrong form, is still an error', async () => {
        const error = await failure(`say({ error: null }); process.exit(1)`);
        expect(error.message).toContain('gave no reason');
      });

      test('an exit code without a reason, comes with the last lines of the log', async () => {
        const error = await failure(
          `for (let i = 0; i < 100; i += 1) console.error('line ' + i); process.exitCode = 3`,
        );
        expect(error.message).toContain('code 3');
        expect(error.message).toContain('line 99');
        expect(error.details['log']).toHaveLength(40);
        expect(logOf(error)).toMatch(/^line 60\n/);
      });

      test('exit code 137 and SIGKILL, are told as want of memory', async () => {
        expect((await failure(`process.exit(137)`)).message).toMatch(/137.*memory/);
        const killed = await failure(`process.kill(process.pid, 'SIGKILL')`);
        expect(killed.message).toMatch(/SIGKILL.*memory/);
        expect(killed.details['signal']).toBe('SIGKILL');
        expect(killed.fix).toContain('maxTrainRows');
      });

      test('another signal, is named', async () => {
        expect((await failure(`process.kill(process.pid, 'SIGSEGV')`)).message).toContain('SIGSEGV');
      });

      test('garbage on its output, is log that can be shown', async () => {
        const error = await failure(`
          fs.writeSync(1, Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7) % 256)));
          fs.writeSync(1, '\\n\\u001b[31mred\\u0007\\n');
          process.exit(2);
        `);
        expect(logOf(error)).toContain('[31mred');
        expect(JSON.stringify(error.details)).not.toMatch(/\\u00(07|1b)/);
      });

      test('what looks like a secret, is not repeated', async () => {
        const error = await failure(`
          console.error('password=hunter2 then "api_key": "abc123" at https://me:hunter3@example.org/');
          say({ error: { code: 'X', message: 'denied for token: hunter4' } });
          process.exit(1);
        `);
        expect(error.message).toContain('denied for token: ***');
        expect(logOf(error)).toContain('password=*** then');
        expect(JSON.stringify(error.details) + error.message).not.toMatch(/hunter|abc123/);
      });

      test('a flood of log, neither fills the memory nor hides the error', async () => {
        const before = process.memoryUsage().rss;
        const error = await failure(`
          // A pipe takes what fits: the rest is written again.
          const write = (to, text) => { for (let at = 0; at < text.length; ) at += fs.writeSync(to, text, at) };
          write(1, Buffer.from('flood of log\\n'.repeat(800_000)));
          write(2, Buffer.alloc(8 * 1024 * 1024, 'x'));
          say({ error: { code: 'X', message: 'drowned' } });
          process.exit(1);
        `);
        expect(error.message).toContain('drowned');
        expect(logOf(error).length).toBeLessThan(40 * 600);
        expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
      });

      test('a program that is not there, is named', async () => {
        const error = await failure('', { command: ['no-such-trainer', '--fast'] });
        expect(error.message).toContain('"no-such-trainer"');
        expect(error.fix).toContain('trainer.command');
      });
    });

    describe('output that cannot be taken', () => {
      const cases: [what: string, code: string, said: RegExp][] = [
        ['nothing', ``, /no output\/model.onnx/],
        ['no metrics', `model()`, /no output\/metrics.json/],
        ['an empty model', `metrics(); fs.writeFileSync('output/model.onnx', '')`, /model.onnx is empty/],
        ['a link as model', `metrics(); fs.symlinkSync('/etc/passwd', 'output/model.onnx')`, /not a regular file/],
        ['a pipe as model', `metrics(); execFileSync('mkfifo', ['output/model.onnx'])`, /not a regular file/],
        ['a folder as model', `metrics(); fs.mkdirSync('output/model.onnx')`, /not a regular file/],
        ['a link as metrics', `model(); fs.symlinkSync('/dev/zero', 'output/metrics.json')`, /not a regular file/],
        [
          'a link as output folder',
          `fs.renameSync('output', 'elsewhere'); fs.symlinkSync('elsewhere', 'output'); model(); metrics()`,
          /not a folder/,
        ],
        [
          'a model that is too large',
          `metrics(); model(); fs.truncateSync('output/model.onnx', 2 ** 29 + 1)`,
          /at most/,
        ],
        ['metrics that are too large', `model(); metrics('x'); fs.truncateSync('output/metrics.json', 2e6)`, /at most/],
        ['metrics with NaN', `model(); metrics('{"metrics":{"auc":NaN}}')`, /not JSON/],
        [
          'metrics beyond all numbers',
          `model(); metrics('{"metrics":{"auc":1e999}}')`,
          /"auc": Infinity, want a finite/,
        ],
        ['metrics as text', `model(); metrics('{"metrics":{"auc":"0.99"}}')`, /"auc": "0.99", want a finite/],
        ['metrics as a list', `model(); metrics('[1]')`, /JSON object/],
        ['metrics without metrics', `model(); metrics('{"auc":1}')`, /"metrics".*is not an object/],
        ['a metric that is no name', `model(); metrics('{"metrics":{"__proto__":1}}')`, /"__proto__"/],
        ['versions that are no text', `model(); metrics('{"metrics":{},"versions":{"a":1}}')`, /"a": 1/],
      ];
      test.each(cases)('%s, is a failure that says so', async (_what, code, said) => {
        const error = await failure(code);
        expect(error.message).toMatch(said);
        expect(error.message).toContain('exited with 0');
        expect(error.details['exitCode']).toBe(0);
      });
    });

    describe('ending', () => {
      test('a trainer that never ends, is ended when its time is up', async () => {
        const error = await train(`console.log('still here'); forever()`, { timeoutMs: 500 }).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(TrainerTimeoutError);
        expect(error).toMatchObject({ details: { timeoutMs: 500 } });
        expect((error as Error).message).toContain('0.5 s');
        expect(await processesIn(folder)).toEqual([]);
      });

      test('aborted, gives a trainer time to clean up and rejects with the reason', async () => {
        const done = train(`
          process.on('SIGTERM', () => { fs.writeFileSync('cleaned', ''); process.exit(0) });
          fs.writeFileSync('started', ''); forever();
        `);
        await reached('started');
        const reason = new Error('the run was cancelled');
        aborter.abort(reason);
        await expect(done).rejects.toBe(reason);
        expect(existsSync(path.join(folder, 'cleaned'))).toBe(true);
        expect(await processesIn(folder)).toEqual([]);
      });

      test('aborted, kills a trainer that ignores SIGTERM, with its children', async () => {
        const done = train(`
          process.on('SIGTERM', () => undefined);
          spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'], { stdio: 'inherit' });
          fs.writeFileSync('started', ''); forever();
        `);
        await reached('started');
        const from = Date.now();
        aborter.abort(new Error('cancelled'));
        await expect(done).rejects.toThrow('cancelled');
        expect(Date.now() - from).toBeGreaterThan(2900);
        expect(await processesIn(folder)).toEqual([]);
      });

      test('aborted before it starts, starts nothing', async () => {
        aborter.abort(new Error('too late'));
        await expect(train(`fs.writeFileSync('started', '')`)).rejects.toThrow('too late');
        expect(existsSync(path.join(folder, 'started'))).toBe(false);
      });

      test('what a trainer leaves running, is ended after it, also with a session of its own', async () => {
        const output = await train(`
          spawn('sleep', ['1000'], { stdio: 'inherit' }).unref();
          spawn('sleep', ['1000'], { stdio: 'ignore', detached: true }).unref();
          model(); metrics(); process.exit(0);
        `);
        expect(output.metrics).toEqual({ auc: 0.8 });
        expect(await processesIn(folder)).toEqual([]);
      });
    });
  });
}
