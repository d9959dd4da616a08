import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import * as ort from 'onnxruntime-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TrainerFailedError } from '../../../src/errors.js';
import { builtInTrainers } from '../../../src/trainers/index.js';
import type { Trainer, TrainingJob, TrainingProgress } from '../../../src/trainers/trainer.js';
import { jobIn } from './job-in.js';
import { python } from './programs.js';

describe.each(['python', 'process'])('a built-in estimator, by the trainer of kind %s', (kind) => {
  let folder: string;
  let trainer: Trainer;
  beforeAll(() => {
    const found = builtInTrainers({ python })[kind];
    if (!found) throw new Error(`there is no trainer of kind ${kind}`);
    trainer = found;
  });
  afterAll(() => trainer.close?.());
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'perennial-trainer-test-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const train = (job: TrainingJob, heard: TrainingProgress[] = []) =>
    trainer.train(job, {
      signal: new AbortController().signal,
      progress: (progress) => {
        heard.push(progress);
      },
    });
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
    const heard: TrainingProgress[] = [];
    const output = await train(await job(), heard);
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
    const wrong = train(await job({ parameters: { max_itre: 10 } }));
    await expect(wrong).rejects.toThrow(TrainerFailedError);
    // The estimator is named once.
    await expect(wrong).rejects.toThrow(
      /^train with "gradient-boosting": there is no parameter 'max_itre', did you mean 'max_iter'\? \(known: [\w, ]+\)$/,
    );
  });

  test('a column that is not in the data, is named', async () => {
    const wrong = train(await job({ label: 'delayed' }));
    await expect(wrong).rejects.toThrow(/training rows.*no column 'delayed'/);
  });
});
