import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workbench, type Workbench } from '../src/data/data-job.js';
import { refusal } from './refusal.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

/**
 * Spellings in a column of numbers. `number` and `integer`: what a column declared so makes of them, the value as text or
 * what the refusal says. `free`: the type of a column without a declaration, in which the value stands as it was written.
 */
const CELLS: readonly {
  readonly cell: string;
  readonly number: string | null | RegExp;
  readonly integer: string | null | RegExp;
  readonly free: string;
}[] = [
  { cell: '', number: null, integer: null, free: 'number' },
  // NaN is a number that profiles count; a column of whole numbers with one is a column of numbers, which the contract judges.
  { cell: 'NaN', number: 'nan', integer: 'nan', free: 'number' },
  { cell: 'Infinity', number: /found "Infinity", want a finite number/, integer: /found "Infinity"/, free: 'string' },
  { cell: '-inf', number: /found "-inf", want a finite number/, integer: /found "-inf"/, free: 'string' },
  { cell: '1e999', number: /found text like "9e999", want a finite/, integer: /like "9e999", want/, free: 'string' },
  { cell: '0x10', number: /like "9x99", want a finite/, integer: /like "9x99", want a whole/, free: 'string' },
  { cell: '0b11', number: /like "9a99", want a finite/, integer: /like "9a99", want a whole/, free: 'string' },
  { cell: '1,5', number: /like "9,9", want a finite/, integer: /like "9,9", want a whole/, free: 'string' },
  { cell: '1_000', number: /like "9_999", want a finite/, integer: /like "9_999", want a whole/, free: 'string' },
  { cell: '1 000', number: /like "9 999", want a finite/, integer: /like "9 999", want a whole/, free: 'string' },
  { cell: '\u0663\u0664', number: /like "\?\?", want a finite/, integer: /like "\?\?", want a whole/, free: 'string' },
  { cell: '\uff11', number: /like "\?", want a finite/, integer: /like "\?", want a whole/, free: 'string' },
  { cell: '9'.repeat(400), number: /\(400 characters\), want a finite/, integer: /\(400 characters\)/, free: 'string' },
  { cell: 'n/a', number: /found "n\/a", want a finite/, integer: /found "n\/a", want a whole/, free: 'string' },
  { cell: '1.5f', number: /like "9.9a", want a finite/, integer: /like "9.9a", want a whole/, free: 'string' },
  { cell: '--1', number: /like "--9", want a finite/, integer: /like "--9", want a whole/, free: 'string' },
  { cell: '12.5', number: '12.5', integer: '12.5', free: 'number' },
  { cell: '1e3', number: '1000.0', integer: '1000.0', free: 'number' },
];

describe('a number in CSV', () => {
  it.each(CELLS)('spelled "$cell" is a number, missing, or refused with its line: never another', async (row) => {
    for (const type of ['number', 'integer'] as const) {
      const text = `n,s\n7,a\n"${row.cell}",b\n`;
      const wanted = row[type];
      if (wanted instanceof RegExp) {
        const error = await refusal(bench, text, { types: { n: type } });
        expect(error).toMatchObject({ code: 'DATA.UNREADABLE', details: { line: 3, column: 'n' } });
        expect(error.message).toMatch(wanted);
      } else {
        const { file } = await bench.ingest(text, { types: { n: type } });
        expect((await bench.query(`SELECT n::VARCHAR FROM '${file}'`))[1]).toEqual([wanted]);
      }
    }
  });

  it.each(CELLS)('spelled "$cell" without a declaration makes the column $free, wherever it stands', async (row) => {
    for (const before of ['7.5,a\n', '7.5,a\n'.repeat(25_000)]) {
      const { file, part } = await bench.ingest(`n,s\n${before}"${row.cell}",b\n`);
      expect(part.columns[0]?.type).toBe(row.free);
      const [[value] = []] = await bench.query(`SELECT n::VARCHAR FROM '${file}' WHERE s = 'b'`);
      expect(value).toBe(row.free === 'string' ? row.cell : row.number);
    }
  });
});

describe('a number in JSON Lines', () => {
  const jsonl = { id: 'inbox/data.jsonl' } as const;
  const read = async (value: string, first: string) => {
    const { file, part } = await bench.ingest(`{"n":${first}}\n{"n":${value}}\n`, jsonl);
    const rows = await bench.query(`SELECT n::VARCHAR FROM '${file}'`);
    return [part.columns[0]?.type, rows[1]?.[0]];
  };

  it.each([
    ['9007199254740993', '7', ['integer', '9007199254740993']],
    ['9223372036854775807', '7', ['integer', '9223372036854775807']],
    ['-9223372036854775808', '7', ['integer', '-9223372036854775808']],
    // No type holds both columns' values exactly but text.
    ['9223372036854775808', '7', ['string', '9223372036854775808']],
    ['12345678901234567890', '7', ['string', '12345678901234567890']],
    ['9007199254740993', '7.5', ['string', '9007199254740993']],
    ['1e999', '7.5', ['string', '1e999']],
    ['9'.repeat(400), '7', ['string', '9'.repeat(400)]],
    ['0.1', '7', ['number', '0.1']],
    ['5e-324', '7', ['number', '5e-324']],
    ['-0', '7', ['integer', '0']],
    ['null', '7', ['integer', null]],
  ])('%s beside %s is kept to the last digit', async (value, first, wanted) => {
    expect(await read(value, first)).toEqual(wanted);
  });

  it.each([
    ['9007199254740993', 'number', /found a whole number with more digits than fit exactly, want a finite number/],
    ['12345678901234567890', 'integer', /with more digits than fit exactly, want a whole number of at most 64 bits/],
    ['1e999', 'number', /found a number beyond the range of 64 bits/],
    ['"1,5"', 'number', /found text like "9,9"/],
    ['"0x10"', 'integer', /found text like "9x99"/],
    ['"NaN"', 'number', /found "NaN"/],
    ['true', 'number', /found true, want a finite number/],
    ['{}', 'number', /found an object or a list/],
  ] as const)('%s in a column declared %s is refused with its line', async (value, type, message) => {
    const error = await refusal(bench, `{"n":7}\n{"n":${value}}\n`, { ...jsonl, types: { n: type } });
    expect(error).toMatchObject({ code: 'DATA.UNREADABLE', details: { line: 2, column: 'n' } });
    expect(error.message).toMatch(message);
  });
});
