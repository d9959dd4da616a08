import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ColumnType } from '../../../src/domain/data.js';
import { ingestObject } from '../../../src/data/ingest.js';
import { quoteText } from '../../../src/data/sql-text.js';
import { workbench, type Workbench } from './data-job.js';
import { writeFile } from 'node:fs/promises';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

type Types = Readonly<Record<string, ColumnType>>;

/** Reads a CSV file as a database wrote it: the part, and its rows as text. */
async function read(text: string, exactTypes: Types, types: Types = {}) {
  const [file, out] = [bench.path('slice'), bench.path('part.parquet')];
  await writeFile(file, text);
  const object = { id: 'rows to 3', version: '1', bytes: 0 };
  const part = await ingestObject(
    { source: 'shop', object, file, sourceSha256: 'f'.repeat(64), format: 'csv', types, exactTypes },
    out,
  );
  return { part, rows: await bench.query(`SELECT COLUMNS(*)::VARCHAR FROM read_parquet(${quoteText(out)})`) };
}

describe('ingestObject, CSV that a database wrote', () => {
  it('takes the types it is told, guesses nothing, and tells empty from missing', async () => {
    const types = {
      id: 'integer',
      big: 'integer',
      real: 'number',
      price: 'number',
      yes: 'boolean',
      day: 'date',
      at: 'timestamp',
      text: 'string',
      'odd; "name|': 'string',
      '1': 'string',
    } as const;
    const { part, rows } = await read(
      [
        'id,big,real,price,yes,day,at,text,"odd; ""name|",1',
        '1,9223372036854775807,0.1,12.50,true,2026-02-28,2026-01-01 10:00:00.5,"two\nlines, ""quoted""","",007',
        '2,,NaN,,,,,,,',
        '3,-1,-Infinity,0.00,false,1970-01-01,1969-12-31 23:59:59.999999,"",x,true',
        '',
      ].join('\n'),
      types,
    );
    expect(part.columns).toEqual(
      Object.entries({ ...types })
        .toSorted(([a], [b]) => (a === '1' ? 1 : b === '1' ? -1 : 0))
        .map(([name, type]) => ({ name, type })),
    );
    expect(rows).toEqual([
      [
        '1',
        '9223372036854775807',
        '0.1',
        '12.5',
        'true',
        '2026-02-28',
        '2026-01-01 10:00:00.5',
        'two\nlines, "quoted"',
        '',
        '007',
      ],
      ['2', null, 'nan', null, null, null, null, null, null, null],
      ['3', '-1', '-inf', '0.0', 'false', '1970-01-01', '1969-12-31 23:59:59.999999', '', 'x', 'true'],
    ]);
  });

  it('lets what the database says win over what the contract says: the contract is checked, not believed', async () => {
    const { part } = await read(
      'id,code\n1,007\n',
      { id: 'integer', code: 'string' },
      { id: 'string', code: 'integer' },
    );
    expect(part.columns).toEqual([
      { name: 'id', type: 'integer' },
      { name: 'code', type: 'string' },
    ]);
  });

  it('keeps a row whose values are all missing but one, and a column without any value', async () => {
    const { part, rows } = await read('id,a,b\n1,,\n2,,\n', { id: 'integer', a: 'number', b: 'timestamp' });
    expect(part).toMatchObject({ rows: 2, columns: [{ type: 'integer' }, { type: 'number' }, { type: 'timestamp' }] });
    expect(rows).toEqual([
      ['1', null, null],
      ['2', null, null],
    ]);
  });
});
