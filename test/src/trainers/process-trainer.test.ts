import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import * as ort from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pythonEnv } from '../../../src/dev/tools.js';
import { TrainerFailedError } from '../../../src/errors.js';
import { builtInTrainers } from '../../../src/trainers/index.js';
import { ProcessTrainer } from '../../../src/trainers/process-trainer.js';
import type { TrainingJob, TrainingProgress } from '../../../src/trainers/trainer.js';
import { processesIn, script, trainerContract } from '../../contracts/trainer.js';
import { jobIn } from './job-in.js';

const python = async (): Promise<string> => (await pythonEnv()).python;

trainerContract('process', () => new ProcessTrainer({ python }));

describe('process trainer', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'perennial-trainer-test-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const train = (trainer: ProcessTrainer, job: TrainingJob, heard: TrainingProgress[] = []) =>
    trainer.train(job, {
      signal: new AbortController().signal,
      progress: (progress) => {
        heard.push(progress);
      },
    });

  test('environment, holds nothing of the worker but PATH', async () => {
    process.env['PERENNIAL_TEST_CANARY'] = 'a secret of the worker';
    try {
      const trainer = new ProcessTrainer({ python, environment: { CUDA_VISIBLE_DEVICES: '0' } });
      const code = `model(); metrics(); fs.writeFileSync('seen', JSON.stringify(process.env))`;
      await train(trainer, jobIn(folder, { command: script(code) }));
      const seen = JSON.parse(await readFile(path.join(folder, 'seen'), 'utf8')) as Record<string, string>;
      expect(JSON.stringify(seen)).not.toContain('a secret of the worker');
      expect(seen).toMatchObject({
        HOME: folder,
        OMP_NUM_THREADS: '1',
        PERENNIAL_PARENT_PIPE: '1',
        CUDA_VISIBLE_DEVICES: '0',
      });
      const known = new Set(['PATH', 'LANG', 'HOME', 'TMPDIR', 'PWD', 'OLDPWD', 'SHLVL', '_', 'CUDA_VISIBLE_DEVICES']);
      const others = Object.keys(seen).filter((name) => !known.has(name) && !name.endsWith('_NUM_THREADS'));
      expect(others.toSorted()).toEqual([
        'PERENNIAL_JOB',
        'PERENNIAL_PARENT_PIPE',
        'PYTHONHASHSEED',
        'PYTHONUNBUFFERED',
      ]);
    } finally {
      delete process.env['PERENNIAL_TEST_CANARY'];
    }
  });

  test('arguments, reach the program as they are, never through a shell', async () => {
    const code = `model(); metrics(); fs.writeFileSync('seen', JSON.stringify(process.argv.slice(1, -1)))`;
    const odd = ['$(touch hacked)', '; touch hacked', '--', '*', "it's"];
    await train(new ProcessTrainer({ python }), jobIn(folder, { command: [...script(code), '--', ...odd] }));
    expect(JSON.parse(await readFile(path.join(folder, 'seen'), 'utf8'))).toEqual(odd);
    expect(existsSync(path.join(folder, 'hacked'))).toBe(false);
  });

  test('a worker killed with -9, takes its trainer and the children of that with it', async () => {
    const code = `
      spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'], { stdio: 'inherit' });
      fs.writeFileSync('started', ''); forever();
    `;
    const program = fileURLToPath(new URL('worker-to-kill.ts', import.meta.url));
    const worker = spawn(process.execPath, ['--import', 'tsx', program, folder, ...script(code)], { stdio: 'ignore' });
    await expect.poll(() => existsSync(path.join(folder, 'started')), { timeout: 30_000 }).toBe(true);
    expect(await processesIn(folder)).not.toEqual([]);
    worker.kill('SIGKILL');
    await expect.poll(() => processesIn(folder), { timeout: 10_000, interval: 20 }).toEqual([]);
  });

  describe('with a built-in estimator', () => {
    const features = [
      { name: 'origin', type: 'string' },
      { name: 'distance', type: 'integer' },
    ] as const;
    const flights = async (name: string, rows: number): Promise<string> => {
      const file = path.join(folder, `${name}.parquet`);
      const connection = await (await DuckDBInstance.create(':memory:')).connect();
      await connection.run(`COPY (
        SELECT 'A' || (i * 7 % 11) AS origin, i * 37 % 1000 AS distance, (i * 7 % 11 < 5) <> (i % 10 = 0) AS late
        FROM range(${rows}) t(i)) TO '${file}' (FORMAT parquet)`);
      connection.closeSync();
      return file;
    };
    const job = async (changes: Partial<TrainingJob> = {}): Promise<TrainingJob> =>
      jobIn(folder, {
        data: { train: await flights('train', 2000), validation: await flights('validation', 500) },
        features,
        parameters: { max_iter: 10 },
        ...changes,
      });

    test('gradient boosting, gives a model that this runtime can run', async () => {
      const trainer = builtInTrainers({ python })['process'] as ProcessTrainer;
      const heard: TrainingProgress[] = [];
      const output = await train(trainer, await job(), heard);
      expect(output.metrics['auc']).toBeGreaterThan(0.8);
      expect(output.versions['scikit-learn']).toBeDefined();
      expect(heard.at(-1)?.done).toBe(1);
      const session = await ort.InferenceSession.create(output.model);
      const { probabilities, label } = await session.run({
        origin: new ort.Tensor('string', ['A0', 'A9', 'never seen'], [3, 1]),
        distance: new ort.Tensor('float32', [100, 100, Number.NaN], [3, 1]),
      });
      expect(probabilities?.dims).toEqual([3, 2]);
      expect(Number(probabilities?.data[1])).toBeGreaterThan(0.5);
      expect(Number(probabilities?.data[3])).toBeLessThan(0.5);
      expect(Array.from(label?.data as BigInt64Array).slice(0, 2)).toEqual([1n, 0n]);
    });

    test('a parameter that there is not, is answered with the one that was meant', async () => {
      const wrong = train(new ProcessTrainer({ python }), await job({ parameters: { max_itre: 10 } }));
      await expect(wrong).rejects.toThrow(TrainerFailedError);
      await expect(wrong).rejects.toThrow(/did you mean 'max_iter'/);
    });

    test('a column that is not in the data, is named', async () => {
      const wrong = train(new ProcessTrainer({ python }), await job({ label: 'delayed' }));
      await expect(wrong).rejects.toThrow(/training rows.*no column 'delayed'/);
    });
  });
});
