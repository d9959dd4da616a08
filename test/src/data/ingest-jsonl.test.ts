import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, workbench, type IngestOptions, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

const read = async (text: string | Uint8Array, options?: IngestOptions) => {
  const { file, part } = await bench.ingest(text, { id: 'inbox/data.jsonl', ...options });
  const rows = await bench.query(`SELECT COLUMNS(*)::VARCHAR FROM '${file}'`);
  return { part, rows, types: Object.fromEntries(part.columns.map(({ name, type }) => [name, type])) };
};
const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const many = lines(...Array.from({ length: 60_000 }, (_, row) => ({ n: row, s: 'x' })));

describe('ingest of JSON Lines', () => {
  it('tells rows, columns in the order of their first appearance, types and the range of event times', async () => {
    const { part, rows } = await read(
      lines(
        { at: '2001-01-01T10:00:00Z', n: 1, x: 1.5, yes: true, name: 'a', day: '2001-01-01', none: null },
        { yes: false, at: '2001-01-02T00:00:00.5+01:00', n: -2, x: 3, late: 'b' },
      ),
      { eventTime: 'at' },
    );
    expect(part).toMatchObject({ rows: 2, from: '2001-01-01T10:00:00.000Z', to: '2001-01-01T23:00:00.500Z' });
    expect(part.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'at timestamp',
      'n integer',
      'x number',
      'yes boolean',
      'name string',
      'day date',
      'none string',
      'late string',
    ]);
    expect(rows).toEqual([
      ['2001-01-01 10:00:00', '1', '1.5', 'true', 'a', '2001-01-01', null, null],
      ['2001-01-01 23:00:00.5', '-2', '3.0', 'false', null, null, null, 'b'],
    ]);
  });

  it('gives the same bytes for the same file, and keeps the order of the rows', async () => {
    const all = await Promise.all([2, 3, 4].map(async (threads) => read(many, { threads })));
    expect(new Set(all.map(({ part }) => part.ref.sha256)).size).toBe(1);
    expect(all[0]?.rows.every(([n], row) => n === String(row))).toBe(true);
  });

  it('takes the types from all rows, not from a sample', async () => {
    const after = async (value: unknown) => (await read(many + lines({ n: value, s: 'y' }))).types['n'];
    expect(await after(12.5)).toBe('number');
    expect(await after('n/a')).toBe('string');
    expect(await after(null)).toBe('integer');
  });

  it('finds keys that appear far down, and those that the first lines do not have', async () => {
    const { types, rows } = await read(many + lines({ late: 1 }) + many);
    expect(types).toEqual({ n: 'integer', s: 'string', late: 'integer' });
    expect(rows).toHaveLength(120_001);
    expect(rows[60_000]).toEqual([null, null, '1']);
    expect(rows[60_001]).toEqual(['0', 'x', null]);
  });

  it('keeps nested values and mixed ones as the text that stands there', async () => {
    const nested = '{"x": 12345678901234567890, "y": [1.50,  "a,\\"b"]}';
    const { types, rows } = await read(
      `{"a":${nested},"m":1.50}\n{"a":[1, {}],"m":"text"}\n{"a":null,"m":true}\n{"m":12345678901234567890}\n`,
    );
    expect(types).toEqual({ a: 'string', m: 'string' });
    expect(rows).toEqual([
      [nested, '1.50'],
      ['[1, {}]', 'text'],
      [null, 'true'],
      [null, '12345678901234567890'],
    ]);
  });

  it('tells an empty text from a missing one, and keeps quotes, commas, line feeds and everything beyond ASCII', async () => {
    const texts = [
      '',
      ' ',
      '"',
      'a,b',
      'two\nlines',
      '\r\n',
      '\t',
      '\\',
      'é',
      '\u{1f600}',
      '\ufeff',
      'x'.repeat(100_000),
    ];
    const { file } = await bench.ingest(lines(...[...texts, null].map((s) => ({ s }))), { id: 'x.jsonl' });
    // With a mark before it: DuckDB's client drops a byte-order mark at the beginning of a text.
    const rows = await bench.query(`SELECT '>' || s FROM '${file}'`);
    expect(rows.flat()).toEqual([...texts.map((text) => `>${text}`), null]);
  });

  it('keeps line feeds in texts at every place of a file of many buffers', async () => {
    const rows = Array.from({ length: 40_000 }, (_, n) => ({ n, s: `${'line\n'.repeat(n % 90)}"${n},` }));
    const { file } = await bench.ingest(lines(...rows), { id: 'x.jsonl' });
    const [[wrong] = []] = await bench.query(
      `SELECT count_if(s <> repeat(E'line\\n', (n % 90)::INTEGER) || '"' || n || ',')::INTEGER FROM '${file}'`,
    );
    expect(wrong).toBe(0);
  });

  it('obeys declared types, and takes numbers and booleans that are spelled as texts', async () => {
    const typed = async (
      values: unknown[],
      type: 'string' | 'integer' | 'number' | 'boolean' | 'timestamp' | 'date',
    ) => {
      const { rows, types } = await read(lines(...values.map((v) => ({ v }))), { types: { v: type } });
      return [types['v'], ...rows.flat()];
    };
    expect(await typed([7, '007', 1.5, true, { a: 1 }], 'string')).toEqual([
      'string',
      '7',
      '007',
      '1.5',
      'true',
      '{"a":1}',
    ]);
    expect(await typed([7, '-8', null], 'integer')).toEqual(['integer', '7', '-8', null]);
    expect(await typed([7, '1.5', '1e3'], 'number')).toEqual(['number', '7.0', '1.5', '1000.0']);
    expect(await typed([true, 'false'], 'boolean')).toEqual(['boolean', 'true', 'false']);
    expect(await typed(['2001-01-01', '2001-01-01T10:00:00+02'], 'timestamp')).toEqual([
      'timestamp',
      '2001-01-01 00:00:00',
      '2001-01-01 08:00:00',
    ]);
    expect(await typed([null, null], 'date')).toEqual(['date', null, null]);
    // Wider, but sound: the contract judges the values.
    expect(await typed([7, 1.5], 'integer')).toEqual(['number', '7.0', '1.5']);
    expect(await typed([0, 1], 'boolean')).toEqual(['integer', '0', '1']);
  });

  it('names the first line that does not fit what is declared', async () => {
    const refused = async (values: unknown[], type: 'integer' | 'timestamp' | 'date' | 'boolean') => {
      const error = await errorOf(read(lines(...values.map((v) => ({ v }))), { types: { v: type } }));
      expect(error).toMatchObject({ code: 'DATA.UNREADABLE', details: { column: 'v' } });
      return error.message;
    };
    expect(await refused([1, 1.5, 2, 'Anna', 'x'], 'integer')).toBe(
      'Cannot read "inbox/data.jsonl", line 4, column "v": found text like "Aaaa", want a whole number of at most 64 bits',
    );
    expect(await refused([null, '2001-01-01', '2001-02-29'], 'timestamp')).toMatch(
      /line 3.*like "9999-99-99", want a time/,
    );
    expect(await refused([1_000_000_000], 'timestamp')).toMatch(/line 1, column "v": found a number, want a time/);
    expect(await refused(['10:00'], 'date')).toMatch(/line 1.*want a date such as/);
    expect(await refused([true, 'yes'], 'boolean')).toMatch(/line 2.*found "yes", want true or false/);
  });

  it.each([
    ['2001-02-28', 'date'],
    ['2000-02-29', 'date'],
    ['1900-02-29', 'string'],
    ['2001-04-31', 'string'],
    ['0000-01-01', 'string'],
    ['0001-01-01', 'date'],
    ['9999-12-31T23:59:59.999999999', 'timestamp'],
    ['2001-01-01T10:00', 'timestamp'],
    ['2001-01-01 10:00:00-12:30', 'timestamp'],
    ['2001-01-01T10:00:00+1530', 'timestamp'],
    ['2001-01-01T10:00Z', 'string'],
    ['2001-01-01T24:00:00', 'string'],
    ['2001-01-01T10:00:60', 'string'],
    ['2001-1-1', 'string'],
    ['20010101', 'string'],
    ['epoch', 'string'],
    ['infinity', 'string'],
  ])('takes the text %s for a %s', async (text, type) => {
    expect((await read(lines({ t: text }))).types).toEqual({ t: type });
  });

  it('stops when it is told to, with the reason, and leaves nothing', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const running = read(many.repeat(20), { signal: stop.signal });
    setTimeout(() => stop.abort(reason), 150);
    expect(await errorOf(running)).toBe(reason);
    expect((await readdir(join(bench.folder, 'parts'))).filter((name) => !/^\d+\.parquet$/.test(name))).toEqual([]);
  });
});
