import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataUnreadableError } from '../../../src/errors.js';
import { errorOf, workbench, type IngestOptions, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

const typesOf = async (csv: string, options?: IngestOptions) => {
  const { part } = await bench.ingest(csv, options);
  return Object.fromEntries(part.columns.map(({ name, type }) => [name, type]));
};
const rowsOf = async (csv: string | Uint8Array, options?: IngestOptions) => {
  const { file } = await bench.ingest(csv, options);
  return bench.query(`SELECT * FROM '${file}'`);
};
/** Whole numbers down to where the sample of rows ends, and far beyond it. */
const manyRows = Array.from({ length: 60_000 }, (_, row) => `${row},x\n`).join('');

describe('ingest of CSV', () => {
  it('tells rows, columns, types and the range of event times', async () => {
    const csv =
      'at,n,x,yes,name,day,none\n2001-01-01 10:00:00,1,1.5,true,a,2001-01-01,\n2001-01-02T00:00:00.5,-2,NaN,F,"b, c",2001-12-31,\n';
    const { part } = await bench.ingest(csv, { eventTime: 'at' });
    expect(part).toMatchObject({
      source: 'things',
      object: { id: 'inbox/data.csv' },
      sourceSha256: 'f'.repeat(64),
      rows: 2,
      from: '2001-01-01T10:00:00.000Z',
      to: '2001-01-02T00:00:00.500Z',
    });
    expect(part.ref.key).toBe(`blobs/sha256/${part.ref.sha256.slice(0, 2)}/${part.ref.sha256}`);
    expect(part.columns.map(({ type }) => type)).toEqual([
      'timestamp',
      'integer',
      'number',
      'boolean',
      'string',
      'date',
      'string',
    ]);
  });

  it('gives the same bytes for the same file, whatever the number of threads', async () => {
    const csv = `n,s\n${manyRows.repeat(4)}`;
    const all = await Promise.all([2, 2, 3, 4].map(async (threads) => bench.ingest(csv, { threads })));
    expect(new Set(all.map(({ part }) => part.ref.sha256)).size).toBe(1);
  });

  it('keeps the order of the rows', async () => {
    const { file } = await bench.ingest(`n,s\n${manyRows}`);
    const [counts] = await bench.query(
      `SELECT count_if(n <> file_row_number)::INTEGER, count(*)::INTEGER FROM read_parquet('${file}', file_row_number = true)`,
    );
    expect(counts).toEqual([0, 60_000]);
  });

  it('reads commas, semicolons, tabs and bars, quotes, line ends of Windows and a byte-order mark', async () => {
    const expected = [['1', 'x;y|z, t']];
    expect(await rowsOf('a,b\n1,"x;y|z, t"\n', { types: { a: 'string' } })).toEqual(expected);
    expect(await rowsOf('a;b\r\n1;"x;y|z, t"\r\n', { types: { a: 'string' } })).toEqual(expected);
    expect(await rowsOf('a\tb\n1\tx;y|z, t', { types: { a: 'string' } })).toEqual(expected);
    expect(await rowsOf('\ufeffa|b\n1|"x;y|z, t"\n', { types: { a: 'string' } })).toEqual(expected);
    expect(await rowsOf('"a ""1""",b\n"say ""hi""","two\nlines"\n')).toEqual([['say "hi"', 'two\nlines']]);
  });

  it('takes dates in ISO 8601 only, and keeps numbers with leading zeros as text', async () => {
    expect(
      await typesOf('d,zip,t,u\n03/04/2001,01234,12:30,03/04/2001 10:00\n05/06/2001,00001,13:00,03/04/2001 11:00\n'),
    ).toEqual({ d: 'string', zip: 'string', t: 'string', u: 'string' });
  });

  it('brings times with a zone to UTC', async () => {
    expect(await rowsOf('t\n2001-01-01 10:00:00+02\n2001-01-01T10:00:00Z\n')).toEqual([
      ['2001-01-01 08:00:00'],
      ['2001-01-01 10:00:00'],
    ]);
  });

  it('widens a column when a value far down does not fit: nothing is rounded or lost', async () => {
    const { file, part } = await bench.ingest(`n,s\n${manyRows}12.5,y\n`);
    expect(part.columns[0]).toEqual({ name: 'n', type: 'number' });
    expect(await bench.query(`SELECT max(n) FILTER (s = 'y'), count(*)::INTEGER FROM '${file}'`)).toEqual([
      [12.5, 60_001],
    ]);
    expect(await typesOf(`n,s\n${manyRows}n/a,y\n`)).toEqual({ n: 'string', s: 'string' });
    expect(await typesOf(`n,s\n${manyRows}0x10,y\n`)).toEqual({ n: 'string', s: 'string' });
    expect(await typesOf(`n,s\n${manyRows}007,y\n`)).toEqual({ n: 'string', s: 'string' });
    expect(await typesOf(`n,s\n${manyRows} 7 ,y\n`)).toEqual({ n: 'integer', s: 'string' });
    expect(await typesOf(`n,s\n${manyRows}9007199254740993,y\n`)).toEqual({ n: 'integer', s: 'string' });
    expect(await typesOf(`n,s\n${manyRows}99999999999999999999,y\n`)).toEqual({ n: 'number', s: 'string' });
  });

  it('obeys declared types, and names the line where a value does not fit', async () => {
    expect(await rowsOf('zip\n01234\n5\n', { types: { zip: 'string' } })).toEqual([['01234'], ['5']]);
    expect(await rowsOf('n\n007\n', { types: { n: 'integer' } })).toEqual([['7']]);
    expect(await typesOf('n,e\n5,\n', { types: { n: 'number', e: 'timestamp' } })).toEqual({
      n: 'number',
      e: 'timestamp',
    });
    const bad = await errorOf(bench.ingest(`n,s\n${manyRows}n/a,y\nhello,z\n`, { types: { n: 'integer' } }));
    expect(bad).toBeInstanceOf(DataUnreadableError);
    expect(bad.message).toBe(
      'Cannot read "inbox/data.csv", line 60002, column "n": found "n/a", want a whole number; 1 more in the details',
    );
    expect(bad.details).toMatchObject({ object: 'inbox/data.csv', line: 60_002, column: 'n' });
    const time = await errorOf(bench.ingest('t\n2001-01-01\nsoon\n', { types: { t: 'timestamp' } }));
    expect(time.message).toMatch(/line 3, column "t": found text like "aaaa", want a time/);
  });

  it('does not round 12.5 in a column of declared integers that has text beside it', async () => {
    const error = await errorOf(bench.ingest('n,s\n007,"two\nlines"\n\n12.5,x\n', { types: { n: 'integer' } }));
    expect(error.message).toBe(
      'Cannot read "inbox/data.csv", line 5, column "n": found text like "99.9", want a whole number',
    );
  });

  it('does not drop the zone of a time far down, and takes no word for a time', async () => {
    const many = `t,s\n${'2001-01-01 10:00:00,x\n'.repeat(30_000)}`;
    const latest = async (last: string, options?: IngestOptions) => {
      const { file, part } = await bench.ingest(`${many}${last},y\n`, options);
      const [rows] = await bench.query(`SELECT min(t)::VARCHAR, max(t)::VARCHAR FROM '${file}'`);
      return [part.columns[0]?.type, ...(rows ?? [])];
    };
    const time = { types: { t: 'timestamp' } } as const;
    const zoned = ['timestamp', '2001-01-01 08:00:00', '2001-01-01 10:00:00'];
    expect(await latest('2001-01-01 10:00:00+02')).toEqual(zoned);
    expect(await latest('2001-01-01 10:00:00+02', time)).toEqual(zoned);
    expect(await latest(' 2001-01-01 10:00:01')).toEqual(['timestamp', '2001-01-01 10:00:00', '2001-01-01 10:00:01']);
    expect(await latest('infinity')).toEqual(['string', '2001-01-01 10:00:00', 'infinity']);
    expect((await latest('epoch'))[0]).toBe('string');
    const error = await errorOf(latest('infinity', time));
    expect(error.message).toMatch(/line 30002, column "t": found "infinity", want a time such as/);
  });

  it('tells the shape of a bad value, not the value, and keeps no cause that quotes the row', async () => {
    const error = await errorOf(
      bench.ingest('price,note\n1.5,x\nAnna Smith,+49 151 2345\n', { types: { price: 'number' } }),
    );
    expect(error.message).toMatch(/line 3, column "price": found text like "Aaaa Aaaaa", want a finite number/);
    expect(JSON.stringify([error.message, error.details, error.cause])).not.toMatch(/Anna|Smith|2345/);
    expect(error.cause).toBeUndefined();
  });

  it('keeps columns whose names mean something to JavaScript, and pollutes nothing', async () => {
    const { part } = await bench.ingest('constructor,toString,hasOwnProperty,"a""b"\n1,2,3,4\n', {
      types: { ['constructor' as string]: 'string' },
    });
    expect(part.columns.map(({ name }) => name)).toEqual(['constructor', 'toString', 'hasOwnProperty', 'a"b']);
    expect(part.columns[0]?.type).toBe('string');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it('leaves nothing of a part that failed', async () => {
    const before = await readdir(join(bench.folder, 'parts'));
    await errorOf(bench.ingest(`a,b\n${manyRows}1\n`));
    await errorOf(bench.ingest('a,b\n'));
    expect(await readdir(join(bench.folder, 'parts'))).toEqual(before);
  });

  it('names five broken rows at most', async () => {
    const error = await errorOf(bench.ingest(`a,b\n${'1\n'.repeat(50)}`));
    expect(error.details?.['problems']).toHaveLength(5);
    expect(error.message).toMatch(/4 more in the details/);
  });

  it('stops when it is told to, with the reason', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const running = bench.ingest(`n,s\n${manyRows.repeat(30)}`, { signal: stop.signal });
    setTimeout(() => stop.abort(reason), 120);
    expect(await errorOf(running)).toBe(reason);
  });

  it('reads wide files: 2,000 columns in little memory', async () => {
    const header = Array.from({ length: 2000 }, (_, n) => `c${n}`).join(',');
    const row = `${Array.from({ length: 2000 }, (_, n) => n).join(',')}\n`;
    const { part } = await bench.ingest(`${header}\n${row.repeat(500)}`);
    expect(part).toMatchObject({ rows: 500 });
    expect(part.columns).toHaveLength(2000);
  });
});
