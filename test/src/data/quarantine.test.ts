import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectPart } from '../../../src/data/inspect-part.js';
import { quarantineRows } from '../../../src/data/quarantine.js';
import type { Check, CheckMeasure, ContractTable } from '../../../src/domain/contract.js';
import { workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

const setAside = (id: string, measure: CheckMeasure): Check => ({
  id,
  measure,
  expect: { operator: 'mustBe', value: 0 },
  unit: 'rows',
  severity: 'quarantine',
});
const low = setAside('a/min', { kind: 'invalid', column: 'a', valid: { min: 0 } });
const empty = setAside('b/nulls', { kind: 'nulls', column: 'b' });
const again = setAside('again', { kind: 'duplicates', columns: ['a', 'b'] });

/** Sets aside what breaks these rules, as validation does. */
async function part(select: string, ...checks: Check[]) {
  const file = await bench.parquet('part.parquet', select);
  return await partFile(file, { columns: [], checks });
}
async function partFile(file: string, contract: ContractTable) {
  const { quarantine, rows } = await inspectPart({ files: [file], table: 'things', contract });
  const [cleanFile, badFile] = [bench.path('clean.parquet'), bench.path('bad.parquet')];
  const { clean, bad } = await quarantineRows({ file, rules: quarantine, cleanFile, badFile });
  expect(clean.rows + bad.rows).toBe(rows);
  return { file, cleanFile, badFile, clean, bad };
}
const rowsOf = (file: string) =>
  bench.query(`SELECT * REPLACE (to_json(_perennial_reasons) AS _perennial_reasons) FROM '${file}'`);

describe('quarantineRows', () => {
  it('parts bad rows from the others, in their order, each with all its reasons', async () => {
    const select = `SELECT * FROM (VALUES (1, 'x'), (-1, 'y'), (2, NULL), (-2, NULL), (3, 'z')) t(a, b)`;
    const { cleanFile, badFile, clean, bad } = await part(select, low, empty);
    expect([clean.rows, bad.rows]).toEqual([2, 3]);
    expect(await bench.query(`SELECT * FROM '${cleanFile}'`)).toEqual([
      [1, 'x'],
      [3, 'z'],
    ]);
    expect(await rowsOf(badFile)).toEqual([
      [-1, 'y', '["a/min"]'],
      [2, null, '["b/nulls"]'],
      [-2, null, '["a/min","b/nulls"]'],
    ]);
    expect(
      await bench.query(
        `SELECT column_type FROM (DESCRIBE FROM '${badFile}') WHERE column_name = '_perennial_reasons'`,
      ),
    ).toEqual([['VARCHAR[]']]);
  });

  it('keeps the first of repeated rows, and those that are not whole', async () => {
    const select = `SELECT * FROM (VALUES (1, 'x', 1), (2, 'x', 2), (1, 'x', 3), (NULL, 'x', 4), (NULL, 'x', 5), (1, 'x', 6)) t(a, b, place)`;
    const { cleanFile, badFile } = await part(select, again);
    expect(await bench.query(`SELECT place FROM '${cleanFile}'`)).toEqual([[1], [2], [4], [5]]);
    expect(await bench.query(`SELECT place FROM '${badFile}'`)).toEqual([[3], [6]]);
  });

  it('writes the same bytes for the same rows, whatever the number of threads', async () => {
    const file = await bench.parquet(
      'many.parquet',
      `SELECT (hash(i) % 1000)::BIGINT - 3 AS a, CASE WHEN i % 100 > 0 THEN 't' || (hash(i, 1) % 50) END AS b, i AS place FROM range(300000) r(i)`,
    );
    for (const checks of [
      [low, empty],
      [low, again, empty],
    ]) {
      const contract = { columns: [], checks };
      const first = await partFile(file, contract);
      const second = await partFile(file, contract);
      expect(second.clean).toEqual(first.clean);
      expect(second.bad).toEqual(first.bad);
      expect(await readFile(first.badFile)).toEqual(await readFile(second.badFile));
      for (const each of [first.cleanFile, first.badFile]) {
        const [[unordered] = []] = await bench.query(
          `SELECT count(*)::DOUBLE FROM (SELECT place, lag(place) OVER () AS before FROM '${each}') WHERE before > place`,
        );
        expect(unordered).toBe(0);
      }
    }
  });

  it('takes back rows that were set aside before', async () => {
    const select = `SELECT * FROM (VALUES (1, ['old']), (-1, ['old']), (2, NULL)) t(a, _perennial_reasons)`;
    const { cleanFile, badFile } = await part(select, low);
    expect(await rowsOf(badFile)).toEqual([[-1, '["a/min"]']]);
    expect(await bench.query(`SELECT a FROM '${cleanFile}'`)).toEqual([[1], [2]]);
  });

  it('leaves a clean part that keeps its rules, and loses no row, whatever the rows', async () => {
    const row = fc.record({ a: fc.option(fc.integer({ min: -2, max: 2 })), b: fc.option(fc.constantFrom('x', 'y')) });
    const contract: ContractTable = { columns: [], checks: [low, empty, again] };
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 12 }), async (rows) => {
        const list = rows.map(
          ({ a, b }, place) => `(${a ?? 'NULL'}::INTEGER, ${b === null ? 'NULL' : `'${b}'`}::VARCHAR, ${place})`,
        );
        const file = await bench.parquet('some.parquet', `SELECT * FROM (VALUES ${list.join(', ')}) t(a, b, place)`);
        const { quarantine } = await inspectPart({ files: [file], table: 'things', contract });
        if (quarantine.length === 0) return;
        const { cleanFile, badFile } = await partFile(file, contract);
        const left = await inspectPart({ files: [cleanFile], table: 'things', contract });
        expect(left.findings).toEqual([]);
        const places = await bench.query(
          `SELECT place FROM (SELECT place FROM '${cleanFile}' UNION ALL SELECT place FROM '${badFile}') ORDER BY 1`,
        );
        expect(places.flat()).toEqual(rows.map((_, place) => place));
      }),
      { numRuns: 25, seed: 7 },
    );
  });
});
