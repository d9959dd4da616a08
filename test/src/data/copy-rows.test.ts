import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyRows } from '../../../src/data/copy-rows.js';
import { withDuckDb, type Db } from '../../../src/data/duckdb.js';
import { workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

/** Copies, with a DuckDB that cuts the first `early` files too early; tells how often it wrote, and what came out. */
async function copied(early: number, rows = 300_000): Promise<{ writes: number; groups: unknown[] }> {
  const file = bench.path('out.parquet');
  let writes = 0;
  await withDuckDb({ folders: [bench.folder], tempFolder: bench.folder }, async (db) => {
    const cutting: Db = {
      ...db,
      run: (sql) => {
        writes += 1;
        return db.run(writes <= early ? sql.replace('ROW_GROUP_SIZE 122880', 'ROW_GROUP_SIZE 120832') : sql);
      },
    };
    await copyRows(cutting, `SELECT i FROM range(${rows}) r(i)`, file, 1);
  });
  const groups = await bench.query(
    `SELECT row_group_num_rows::INTEGER FROM parquet_metadata('${file}') ORDER BY row_group_id`,
  );
  return { writes, groups: groups.flat() };
}

describe('copying rows', () => {
  it('writes a file again whose row groups were cut too early, so that the bytes are always the same', async () => {
    const whole = { writes: 1, groups: [122_880, 122_880, 54_240] };
    expect(await copied(0)).toEqual(whole);
    expect(await copied(1)).toEqual({ ...whole, writes: 2 });
    expect(await copied(2)).toEqual({ ...whole, writes: 3 });
  });

  it('stops after three times, and takes a short last group for what it is', async () => {
    expect((await copied(9)).writes).toBe(3);
    expect(await copied(0, 1000)).toEqual({ writes: 1, groups: [1000] });
  });
});
