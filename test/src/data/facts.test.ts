import { afterAll, beforeAll, expect, it } from 'vitest';
import { withDuckDb } from '../../../src/data/duckdb.js';
import { allOf, onePass, type Facts } from '../../../src/data/facts.js';
import { workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

const sum = (times: number): Facts<number> => ({
  sql: [`sum(a * ${times})::DOUBLE`],
  read: ([value]) => Number(value),
});
const range: Facts<string> = { sql: ['min(a)', 'max(a)'], read: ([low, high]) => `${String(low)} to ${String(high)}` };
const nothing: Facts<string> = { sql: [], read: (values) => `${values.length} values` };

it('onePass, gives each fact the values of its own expressions', async () => {
  const answer = await withDuckDb({ folders: [], tempFolder: bench.folder }, (db) =>
    onePass(db, '(SELECT unnest([1, 2, 3]) AS a)', [sum(1), range, nothing, allOf([sum(2), sum(3)]), allOf([nothing])]),
  );
  expect(answer).toEqual([6, '1 to 3', '0 values', [12, 18], ['0 values']]);
});

it('onePass, asks for more facts than one statement should hold', async () => {
  const many = Array.from({ length: 2500 }, (_, index) => sum(index));
  const [values] = await withDuckDb({ folders: [], tempFolder: bench.folder }, (db) =>
    onePass(db, '(SELECT unnest([1, 2, 3]) AS a)', [allOf(many)]),
  );
  expect(values).toEqual(many.map((_, index) => 6 * index));
});
