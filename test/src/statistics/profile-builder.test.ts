import { afterAll, beforeAll, expect, test } from 'vitest';
import { profileFiles } from '../../../src/data/profile.js';
import type { Column } from '../../../src/domain/data.js';
import { mergeProfiles } from '../../../src/statistics/merge-profiles.js';
import { ProfileBuilder } from '../../../src/statistics/profile-builder.js';
import { readColumns } from '../../../src/data/columns.js';
import { workbench } from '../data/data-job.js';

let bench: Awaited<ReturnType<typeof workbench>>;
let file: string;
beforeAll(async () => {
  bench = await workbench();
  file = await bench.parquet(
    'rows.parquet',
    `SELECT CASE WHEN r % 17 = 0 THEN NULL ELSE (r % 40) / 10 END AS size,
       CAST(r % 7 AS INTEGER) - 2 AS steps,
       CASE WHEN r % 5 = 0 THEN NULL ELSE ['mail', 'búsqueda', '🛒 shop'][1 + r % 3] END AS channel,
       r % 3 = 0 AS loyal
     FROM range(5000) rows(r)`,
  );
});
afterAll(() => bench.close());

const columns: Column[] = [
  { name: 'size', type: 'number' },
  { name: 'steps', type: 'integer' },
  { name: 'channel', type: 'string' },
  { name: 'loyal', type: 'boolean' },
];

test('rows that come a few at a time, have the profile that their file has', async () => {
  const wanted = await profileFiles([file]);
  const values = await readColumns(
    file,
    columns.map(({ name }) => name),
  );

  const builder = new ProfileBuilder(columns, wanted);
  for (let from = 0; from < 5000; from += 321) {
    const count = Math.min(321, 5000 - from);
    const rows = Array.from({ length: count }, (_, row) => from + row);
    builder.add(count, {
      // As a model takes it: with 32 bits, NaN for what is missing.
      size: Float32Array.from(rows, (row) => (values['size']?.[row] as number | null) ?? Number.NaN),
      steps: rows.map((row) => Number(values['steps']?.[row])),
      channel: rows.map((row) => (values['channel']?.[row] as string | null) ?? ''),
      loyal: rows.map((row) => Number(values['loyal']?.[row])),
    });
  }
  const found = builder.profile();

  expect(found.rows).toBe(5000);
  for (const { name, ...column } of wanted.columns) {
    const { numbers, text, top, nulls, trues } = found.columns.find((each) => each.name === name) ?? {};
    expect({ name, nulls, trues, top }).toEqual({ name, nulls: column.nulls, trues: column.trues, top: column.top });
    for (const [key, value] of Object.entries({ ...column.numbers, ...column.text })) {
      const other = { ...numbers, ...text }[key as 'mean'];
      if (typeof value === 'number') expect(other, `${name} ${key}`).toBeCloseTo(value, 5);
      else expect(other, `${name} ${key}`).toEqual(value);
    }
  }
  expect(mergeProfiles([found, wanted]).rows).toBe(10_000);
});

test('a value of 32 bits, is counted in the bin that begins at its 64 bits', () => {
  const numbers = { count: 1, nans: 0, infinities: 0, zeros: 0, negatives: 0 };
  const histogram = { edges: [0.7], counts: [0, 1] };
  const like = {
    rows: 1,
    columns: [{ name: 'size', type: 'number' as const, rows: 1, nulls: 0, numbers: { ...numbers, histogram } }],
  };
  const builder = new ProfileBuilder([{ name: 'size', type: 'number' }], like);

  builder.add(3, { size: Float32Array.of(0.7, 0.6, 0.8) });

  expect(builder.profile().columns[0]?.numbers?.histogram).toEqual({ edges: [0.7], counts: [1, 2] });
});
