import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prepareSplit } from '../../../src/data/split.js';
import { workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

it('a table that is larger than the memory of its job is split all the same, by the disk', async () => {
  // A million rows with twenty numbers each that cannot be packed: 160 MB.
  const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
  const numbers = names.map((name, index) => `hash(i, ${index}) / 1.8e19 AS ${name}`);
  const file = await bench.parquet(
    'large.parquet',
    `SELECT TIMESTAMP '2026-01-01' + to_seconds(i) AS ts, i AS id, ${numbers.join(', ')}, i % 7 = 0 AS yes
     FROM range(1000000) r(i)`,
  );
  const outFolder = bench.path('out');
  const facts = await prepareSplit(
    {
      tables: { visits: { parts: [{ file }], eventTime: 'ts' } },
      sql: 'SELECT *, sum(n0) OVER (PARTITION BY id % 100 ORDER BY ts) AS so_far FROM visits',
      task: { label: 'yes', features: [...names, 'so_far'], eventTime: 'ts', labelDelay: '0s' },
      spec: {
        by: 'time',
        train: 'all',
        validation: '1d',
        test: '2d',
        gap: '0d',
        lookback: '0d',
        maxTrainRows: 2_000_000,
      },
      seed: 7,
      outFolder,
    },
    { memoryLimit: '100MB', threads: 2, tempFolder: bench.path('spill') },
  );
  expect(facts.train.rows + facts.validation.rows + facts.test.rows).toBe(1_000_000);
  expect(facts.leakCheck?.rows).toBe(facts.train.rows + facts.validation.rows);
  expect((await readdir(outFolder)).toSorted()).toEqual(['test.parquet', 'train.parquet', 'validation.parquet']);
}, 120_000);
