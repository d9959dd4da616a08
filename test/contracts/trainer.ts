import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Trainer } from '../../src/trainers/trainer.js';
import { logOf, TrainerBench, type Elsewhere, type Programs } from './trainer-bench.js';
import { checkpointContract } from './trainer-checkpoints.js';
import { endingContract } from './trainer-ending.js';
import { limitsContract } from './trainer-limits.js';
import { outputContract } from './trainer-output.js';

/**
 * What every kind of trainer promises, whatever the program does that it runs. The programs are small Python scripts;
 * `programs` says how the kind is told to run one.
 *
 * It is one suite for all kinds. Of one that has jobs done elsewhere it expects four things otherwise, each for a reason that
 * stands beside it: paths in job.json, the environment's HOME, and that of progress and of checkpoints which come faster than
 * the report is sent only the newest is heard.
 */
export function trainerContract(
  name: string,
  make: () => Trainer | Promise<Trainer>,
  programs: Programs,
  elsewhere?: Elsewhere,
): void {
  describe(`trainer contract: ${name}`, () => {
    const bench = new TrainerBench(make, programs, elsewhere);
    goodTrainerContract(bench);
    failingTrainerContract(bench);
    outputContract(bench);
    checkpointContract(bench);
    endingContract(bench);
    limitsContract(bench);
  });
}

function goodTrainerContract(bench: TrainerBench): void {
  describe('a good trainer', () => {
    test('job.json, says everything about the job in the words of the contract', async () => {
      await bench.train(`model(); metrics(); write("seen.json", json.dumps(job))`, {
        task: { kind: 'multiclass', classes: ['a', 'b'] },
        checkpointEvery: 5,
        resume: { name: 'step-10', step: 10 },
        code: { folder: path.join(bench.folder, 'code'), sha256: 'abc' },
      });
      const { elsewhere } = bench;
      // Files are laid out where the job is done.
      const there = (name: string) => expect.stringMatching(`^/.*/perennial-job-[^/]+/${name}$`) as string;
      expect(JSON.parse(await readFile(path.join(bench.folder, 'seen.json'), 'utf8'))).toEqual({
        schemaVersion: 1,
        data: elsewhere
          ? { train: there('data/train.parquet'), validation: there('data/validation.parquet') }
          : { train: '/data/train.parquet', validation: '/data/validation.parquet' },
        task: { kind: 'multiclass', classes: ['a', 'b'] },
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
        checkpointEvery: 5,
        waitForCheckpoints: true,
        graceSeconds: 3,
        resume: { checkpoint: 'checkpoints/step-10', step: 10 },
        code: elsewhere ? there('code') : path.join(bench.folder, 'code'),
      });
    });

    test('output, comes back with its metrics, versions, and what it took', async () => {
      const output = await bench.train(`
block = bytearray(150 * 2**20)
for at in range(0, len(block), 4096): block[at] = 1
end = time.process_time() + 0.4
while time.process_time() < end: pass
child = subprocess.run([sys.executable, "-c", "import time\\nwhile time.process_time() < 0.4: pass"])
model(); metrics(); write("checkpoints/1", "x")`);
      expect(output).toMatchObject({
        model: path.join(bench.folder, 'output', 'model.onnx'),
        metrics: { auc: 0.8 },
        versions: { python: '3' },
      });
      const { cpuSeconds = 0, peakMemoryBytes = 0 } = output.usage;
      expect(cpuSeconds).toBeGreaterThan(0.75);
      expect(cpuSeconds).toBeLessThan(3);
      expect(peakMemoryBytes).toBeGreaterThan(150 * 2 ** 20);
      expect(peakMemoryBytes).toBeLessThan(600 * 2 ** 20);
    });

    test('what it takes, is told while it runs: of a job that is lost nothing comes later', async () => {
      const training = bench.train(`while True: pass`).catch(() => undefined);
      const seen = () =>
        bench.used.find(({ cpuSeconds = 0, peakMemoryBytes = 0 }) => cpuSeconds > 1 && peakMemoryBytes > 0);
      await expect.poll(seen, { timeout: 20_000 }).toBeDefined();
      bench.aborter.abort();
      await training;
    });

    test('versions, may be left out', async () => {
      expect((await bench.train(`model(); metrics('{"metrics":{}}')`)).versions).toEqual({});
    });

    test('progress, is passed on in order, between other output, the last one always', async () => {
      await bench.train(`
say({"progress": 0.25, "message": "reading", "step": 3})
say('log\\n{ no json\\n{"other":1}\\n[1]\\nnull')
for i in range(500): say({"progress": 0.5, "message": f"step {i}"})
say({"progress": 7, "message": "done", "step": "x"})
model(); metrics()`);
      // From elsewhere only the newest of those is heard that come faster than the report is sent.
      if (!bench.elsewhere) expect(bench.heard[0]).toEqual({ done: 0.25, step: 3, message: 'reading' });
      expect(bench.heard.at(-1)).toEqual({ done: 1, message: 'done' });
      // 500 messages in a few milliseconds are more than anybody wants to hear.
      expect(bench.heard.length).toBeLessThan(50);
    });

    test('progress, survives values of the wrong type', async () => {
      await bench.train(`say({"progress": "half", "message": 5}); model(); metrics()`);
      // Before, it may have been said what the job waits for elsewhere.
      expect(bench.elsewhere ? bench.heard.slice(-1) : bench.heard).toEqual([{ message: '' }]);
    });

    test('points, are passed on when they hold finite numbers', async () => {
      await bench.train(`
say({"point": {"auc": 0.7, "logLoss": 0.5}, "step": 10})
say('{"point": {"auc": 1e999}, "step": 20}')
say({"point": {"auc": 0.8}, "step": -1})
say({"point": {}, "step": 30})
say({"point": {"auc": 0.9}, "step": 40})
model(); metrics()`);
      expect(bench.points).toEqual([
        [10, { auc: 0.7, logLoss: 0.5 }],
        [40, { auc: 0.9 }],
      ]);
    });

    test('a PATH of its own, is for the trainer alone', async () => {
      const output = await bench.train(
        `model(); metrics(json.dumps({"metrics": {}, "versions": {"path": os.environ["PATH"]}}))`,
        {
          environment: { PATH: '/nowhere' },
        },
      );
      expect(output.versions).toEqual({ path: '/nowhere' });
    });

    test('environment, holds what the job names and nothing of the worker', async () => {
      process.env['PERENNIAL_TEST_CANARY'] = 'a secret of the worker';
      try {
        await bench.train(`model(); metrics(); write("seen", json.dumps(dict(os.environ)))`, {
          environment: { CUDA_VISIBLE_DEVICES: '0' },
        });
        const seen = await readFile(path.join(bench.folder, 'seen'), 'utf8');
        expect(seen).not.toContain('a secret of the worker');
        const home = bench.elsewhere ? (expect.stringContaining('/perennial-job-') as string) : bench.folder;
        expect(JSON.parse(seen)).toMatchObject({ HOME: home, OMP_NUM_THREADS: '1', CUDA_VISIBLE_DEVICES: '0' });
      } finally {
        delete process.env['PERENNIAL_TEST_CANARY'];
      }
    });

    test('log, is passed on line by line, cut, and at its end says how much was left out', async () => {
      await bench.train(`
say("on standard output"); say("x" * 10000, to=2)
say("\\n".join(f"line {i}" for i in range(30000)), to=2)
model(); metrics()`);
      expect(bench.log).toContain('on standard output');
      expect(bench.log).toContain('x'.repeat(4096));
      expect(bench.log).toHaveLength(20_001);
      // From elsewhere there is one line more: on which machine.
      expect(bench.log.at(-1)).toMatch(/^\.\.\. 1000[23] more lines \(\d+ characters\) were left out$/);
    });
  });
}

/** Whatever way a trainer fails, people are told why. */
function failingTrainerContract(bench: TrainerBench): void {
  describe('a trainer that fails', () => {
    test('an error line, becomes the message', async () => {
      const error = await bench.failure(
        `say({"error": {"code": "DATA.LABEL", "message": 'use the label "late": it is missing in 3 rows'}}); sys.exit(1)`,
      );
      expect(error.message).toContain('use the label "late": it is missing in 3 rows');
      expect(error.details).toMatchObject({ exitCode: 1, reported: 'DATA.LABEL' });
    });

    test('an error line of the wrong form, is still an error', async () => {
      const error = await bench.failure(`say({"error": None}); sys.exit(1)`);
      expect(error.message).toContain('gave no reason');
    });

    test('an exit code without a reason, comes with the last lines of the log', async () => {
      const error = await bench.failure(`
for i in range(100): print("line", i, file=sys.stderr)
sys.exit(3)`);
      expect(error.message).toContain('code 3');
      expect(error.message).toContain('line 99');
      expect(error.details['log']).toHaveLength(40);
      expect(logOf(error)).toMatch(/^line 60\n/);
    });

    test('exit code 137 and SIGKILL, are told as want of memory', async () => {
      expect((await bench.failure(`os._exit(137)`)).message).toMatch(/137.*memory/);
      const killed = await bench.failure(`os.kill(os.getpid(), signal.SIGKILL)`);
      expect(killed.message).toMatch(/SIGKILL.*memory/);
      expect(killed.details['signal']).toBe('SIGKILL');
      expect(killed.fix).toContain('maxTrainRows');
    });

    test('another signal, is named', async () => {
      expect((await bench.failure(`os.kill(os.getpid(), signal.SIGSEGV)`)).message).toContain('SIGSEGV');
    });

    test('garbage on its output, is log that can be shown', async () => {
      const error = await bench.failure(`
os.write(1, bytes((i * 7) % 256 for i in range(4096)))
os.write(1, b"\\n\\x1b[31mred\\x07\\n")
sys.exit(2)`);
      expect(logOf(error)).toContain('[31mred');
      expect(JSON.stringify([error.details, bench.log])).not.toMatch(/\\u00(07|1b)/);
    });

    test('what looks like a secret, and the secrets of the job, are not repeated', async () => {
      const error = await bench.failure(
        `
say('password=hunter2 then "api_key": "abc123" at https://me:hunter3@example.org/', to=2)
say('{"progress": 0.5, "message": "with correct horse"}')
say("it was correct horse, and " + json.dumps({"k": 'battery"staple'}) + " " + "y" * 4070 + "correct horse", to=2)
say({"error": {"code": "X", "message": 'denied for token: hunter4, battery"staple'}})
sys.exit(1)`,
        { secrets: ['correct horse', 'battery"staple'] },
      );
      expect(error.message).toContain('denied for token: ***, ***');
      expect(logOf(error)).toContain('password=*** then');
      expect(bench.heard.at(-1)?.message).toBe('with ***');
      const shown = JSON.stringify([error.details, error.message, bench.log, bench.heard]);
      expect(shown).not.toMatch(/hunter|abc123|correct|staple/);
    });

    test('secrets in what it leaves, are not repeated either', async () => {
      const secrets = ['correct horse'];
      const error = await bench.failure(`model(); metrics('{"metrics":{"auc":"correct horse"}}')`, { secrets });
      expect(error.message).toContain('"auc": "***", want a finite number');
      const output = await bench.train(`model(); metrics('{"metrics":{},"versions":{"x":"correct horse"}}')`, {
        secrets,
      });
      expect(output.versions).toEqual({ x: '***' });
    });

    test('what it used, is told before it fails', async () => {
      await bench.failure(`
end = time.process_time() + 0.3
while time.process_time() < end: pass
sys.exit(1)`);
      expect(bench.used.at(-1)?.cpuSeconds).toBeGreaterThan(0.25);
    });

    test('a flood of log, neither fills the memory nor hides the error', async () => {
      const before = process.memoryUsage().rss;
      const error = await bench.failure(`
say("flood of log\\n" * 800_000)
say("x" * 8 * 2**20, to=2)
say({"error": {"code": "X", "message": "drowned"}})
sys.exit(1)`);
      expect(error.message).toContain('drowned');
      expect(logOf(error).length).toBeLessThan(40 * 600);
      expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    });
  });
}
