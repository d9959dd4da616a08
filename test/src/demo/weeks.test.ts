import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withDuckDb } from '../../../src/data/duckdb.js';
import { readParquet } from '../../../src/data/sql-text.js';
import { monday, weekFile, writeWeek } from '../../../src/demo/weeks.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-weeks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('weeks, are counted from Monday the first of January 2001', () => {
  expect([monday(1), monday(2), monday(26)]).toEqual(['2001-01-01', '2001-01-08', '2001-06-25']);
  expect(weekFile(5)).toBe('flights-2001-01-29.parquet');
});

test('a week file, holds that week and nothing else', async () => {
  const file = await writeWeek(folder, 2);
  const [row] = await rows(`SELECT count(*)::INT, min(date)::VARCHAR, max(date)::VARCHAR FROM ${readParquet([file])}`);
  expect(row?.[0]).toBeGreaterThan(100_000);
  expect(String(row?.[1]) >= '2001-01-08').toBe(true);
  expect(String(row?.[2]) < '2001-01-15').toBe(true);
});

test('a week file, has the same bytes when it is written again', async () => {
  const first = await readFile(await writeWeek(path.join(folder, 'a'), 3));
  const second = await readFile(await writeWeek(path.join(folder, 'b'), 3));
  expect(first.equals(second)).toBe(true);
});

test('a week file, can lack a column', async () => {
  const file = await writeWeek(folder, 4, { without: 'distance' });
  const columns = await rows(`SELECT column_name FROM (DESCRIBE FROM ${readParquet([file])})`);
  expect(columns.flat()).toEqual(['date', 'delay', 'origin', 'destination']);
});

async function rows(sql: string) {
  return await withDuckDb({ folders: [folder], tempFolder: path.join(folder, 'spill') }, (db) => db.rows(sql));
}
