import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withDuckDb, type Db } from '../../../src/data/duckdb.js';
import { quoteFile, quoteName, quoteText } from '../../../src/data/sql-text.js';
import { DataEngineError } from '../../../src/errors.js';
import { errorOf, workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
  await mkdir(join(bench.folder, 'inside'));
  await writeFile(join(bench.folder, 'outside.csv'), 'a\n1\n');
  await writeFile(join(bench.folder, 'inside', 'a.csv'), 'a\n1\n');
});
afterAll(async () => bench.close());

const inside = <T>(job: (db: Db) => Promise<T>, options: { signal?: AbortSignal; memoryLimit?: string } = {}) =>
  withDuckDb({ folders: [join(bench.folder, 'inside')], tempFolder: bench.folder, ...options }, job);

describe('withDuckDb', () => {
  it.each([
    ['a file elsewhere', "SELECT * FROM read_text('/etc/passwd')"],
    ['a file beside the folder', () => `SELECT * FROM read_csv(${quoteText(join(bench.folder, 'outside.csv'))})`],
    [
      'a way out of the folder',
      () => `SELECT * FROM read_csv(${quoteText(join(bench.folder, 'inside/../outside.csv'))})`,
    ],
    ['a listing elsewhere', "SELECT * FROM glob('/etc/*')"],
    ['a copy to elsewhere', () => `COPY (SELECT 1) TO ${quoteText(join(bench.folder, 'out.csv'))}`],
    ['the network', "SELECT * FROM read_csv('http://127.0.0.1:9/a.csv')"],
    ['an extension', 'INSTALL httpfs'],
    ['an extension from a file', "LOAD '/tmp/evil.duckdb_extension'"],
    ['a database file', "ATTACH '/tmp/evil.db'"],
    ['a setting', 'SET enable_external_access = true'],
    ['a setting of memory', "SET memory_limit = '100GB'"],
    ['the lock itself', 'SET lock_configuration = false'],
  ])('refuses %s', async (_, sql) => {
    const statement = typeof sql === 'string' ? sql : sql();
    await expect(inside(async (db) => db.run(statement))).rejects.toThrow(DataEngineError);
    expect(await readdir(bench.folder)).not.toContain('out.csv');
  });

  it('reads what is inside, and binds values', async () => {
    const file = quoteFile(join(bench.folder, 'inside', 'a.csv'));
    expect(
      await inside(async (db) => db.rows(`SELECT a::INTEGER, $1, $2 FROM read_csv(${file})`, ["it's", 2])),
    ).toEqual([[1, "it's", 2]]);
  });

  it('reads a named file, but not its neighbours', async () => {
    const file = join(bench.folder, 'inside', "odd [name]'s.csv");
    await writeFile(file, 'a\n7\n');
    const options = { files: [file], folders: [], tempFolder: bench.folder };
    const read = (path: string) =>
      withDuckDb(options, async (db) => db.rows(`SELECT a::INTEGER FROM read_csv(${quoteFile(path)})`));
    expect(await read(file)).toEqual([[7]]);
    await expect(read(join(bench.folder, 'inside', 'a.csv'))).rejects.toThrow(/Cannot access file/);
  });

  it('spills into a folder of its own, and removes it', async () => {
    const spilling = () =>
      inside(
        async (db) =>
          db.rows('SELECT max(a)::INTEGER FROM (SELECT i % 7 AS a, hash(i) AS h FROM range(6000000) r(i) ORDER BY h)'),
        { memoryLimit: '60MB' },
      );
    expect(await Promise.all([spilling(), spilling()])).toEqual([[[6]], [[6]]]);
    expect((await readdir(bench.folder)).filter((name) => name.startsWith('spill'))).toEqual([]);
  });

  it('reads one file whose name looks like a pattern', async () => {
    for (const name of ['a*.csv', 'a[b]?.csv', "it's.csv"]) {
      const file = join(bench.folder, 'inside', name);
      await writeFile(file, 'a\n7\n');
      expect(await inside(async (db) => db.rows(`SELECT a::INTEGER FROM read_csv(${quoteFile(file)})`))).toEqual([[7]]);
    }
  });

  it('stops within a moment when it is told to, with the reason', async () => {
    const reason = new Error('enough');
    const stop = new AbortController();
    const started = performance.now();
    const running = inside(async (db) => db.rows('SELECT sum(hash(i)) FROM range(100000000000) r(i)'), {
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(reason), 100);
    expect(await errorOf(running)).toBe(reason);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(await errorOf(inside(async (db) => db.run('SELECT 1'), { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  it('says that memory was not enough, as something that can be tried again', async () => {
    const greedy = inside(async (db) => db.run('SELECT list(i) FROM range(50000000) r(i)'), { memoryLimit: '20MB' });
    const error = await errorOf(greedy);
    expect(error).toBeInstanceOf(DataEngineError);
    expect((error as DataEngineError).next).toBe('retry');
  });

  it('lets the error of a job through as it is', async () => {
    const mine = new Error('mine');
    expect(await errorOf(inside(async () => Promise.reject(mine)))).toBe(mine);
  });

  it('quotes names and texts', async () => {
    const odd = 'a"b\'c;--';
    expect(await inside(async (db) => db.describe(`SELECT ${quoteText(odd)} AS ${quoteName(odd)}`))).toEqual([
      { name: odd, type: 'VARCHAR' },
    ]);
  });
});
