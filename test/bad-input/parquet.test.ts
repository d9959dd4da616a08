import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workbench, type Workbench } from '../src/data/data-job.js';
import { refusal } from './refusal.js';

let bench: Workbench;
let good: Buffer;
let small: Buffer;
let wide: Buffer;
beforeAll(async () => {
  bench = await workbench();
  good = await readFile(await bench.parquet('good.parquet', `SELECT i AS n, 'row ' || i AS s FROM range(5000) r(i)`));
  small = await readFile(await bench.parquet('small.parquet', `SELECT 'some text' AS column_a`));
  wide = await readFile(
    await bench.parquet('wide.parquet', 'SELECT 1 AS column_a, 2 AS b, 3 AS column_c, 4 AS proto____'),
  );
});
afterAll(() => bench.close());

const parquet = { id: 'inbox/data.parquet' };

describe('Parquet', () => {
  it.each<readonly [string, () => Buffer, RegExp]>([
    ['that is text', () => Buffer.from('a,b\n1,2\n3,4\n'), /begins with the bytes 612c620a, want PAR1/],
    ['of zeros', () => Buffer.alloc(1000), /begins with the bytes 00000000/],
    ['that was cut off', () => good.subarray(0, good.length - 9), /it was cut off/],
    ['that was cut off in its footer', () => withoutBytes(good, good.length - 60, 52), /as Parquet/],
    ['of nothing but the two marks', () => Buffer.from('PAR1\0\0\0\0PAR1'), /as Parquet/],
    [
      'that is encrypted',
      () => Buffer.concat([Buffer.from('PARE'), good.subarray(4, -4), Buffer.from('PARE')]),
      /"PARE"/,
    ],
    ['whose footer claims more than the file has', () => withFooterLength(2 ** 31), /footer claims 2147483648 bytes/],
    ['whose footer claims 4 GB', () => withFooterLength(2 ** 32 - 1), /footer claims 4294967295 bytes/],
    ['whose footer claims too little', () => withFooterLength(10), /as Parquet/],
    ['whose schema claims 2^31 columns', () => withSchemaLength(0xff, 0xff, 0xff, 0xff, 0x07), /as Parquet/],
    ['whose schema claims 2^63 columns', () => withSchemaLength(...Array<number>(9).fill(0xff), 1), /as Parquet/],
    ['with a name of negative length', () => withNameLength(0xff, 0xff, 0xff, 0xff, 0x0f), /as Parquet/],
    ['with a name of 2 GB', () => withNameLength(0xff, 0xff, 0xff, 0xff, 0x07), /as Parquet/],
    ['with half of its pages gone', () => withoutBytes(good, 10, 4000), /as Parquet/],
    ['with pages of noise', () => withNoise(), /as Parquet/],
    ['with a page of negative length', () => withPageSize(0x01), /as Parquet/],
    [
      'with a page that claims 2 GB',
      () => withPageSize(0xfe, 0xff, 0xff, 0xff, 0x0f),
      /one of its pages has 2147483647 bytes unpacked/,
    ],
    ['with a column twice', () => renamed('column_c', 'column_a'), /columns 1 and 3 have the same name, "column_a"/],
    ['with names that differ in case only', () => renamed('column_c', 'Column_A'), /SQL cannot tell apart/],
    ['with a name that turns the text around', () => renamed('column_c', 'co\u202e_cc'), /"co\\u202e_cc"/],
    ['with a column named __proto__', () => renamed('proto____', '__proto__'), /"__proto__", which is not safe/],
    ['packed, but with text in it', () => gzipSync('a,b\n1,2\n3,4\n'), /begins with the bytes 612c620a, want PAR1/],
  ])('%s is refused', async (_, bytes, message) => {
    const error = await refusal(bench, bytes(), parquet);
    expect(error).toMatchObject({ code: 'DATA.UNREADABLE', message: expect.stringMatching(message) as string });
  });

  it('without bytes, or without rows, is refused as empty', async () => {
    expect(await refusal(bench, '', parquet)).toMatchObject({ code: 'DATA.EMPTY' });
    const none = await readFile(await bench.parquet('none.parquet', 'SELECT 1 AS a WHERE false'));
    expect(await refusal(bench, none, parquet)).toMatchObject({ code: 'DATA.EMPTY' });
  });

  it('that is packed once more is unpacked first', async () => {
    const { part } = await bench.ingest(gzipSync(good), { id: 'inbox/data.parquet.gz' });
    const plain = await bench.ingest(good, parquet);
    expect(part.ref.sha256).toBe(plain.part.ref.sha256);
  });

  it('of a hundred million equal values is read: a run takes two bytes, and little memory', async () => {
    const file = await bench.parquet('run.parquet', 'SELECT true AS yes FROM range(20000000)');
    expect((await bench.ingestFile(file, parquet)).part.rows).toBe(20_000_000);
    const limited = { ...parquet, unpackLimits: { maxBytes: 10_000_000 } };
    expect((await refusal(bench, await readFile(file), limited)).message).toMatch(
      /20000000 values, the most is 10000000/,
    );
  });
});

function withFooterLength(claim: number): Buffer {
  const bytes = Buffer.from(good);
  bytes.writeUInt32LE(claim, bytes.length - 8);
  return bytes;
}

/** Puts other bytes in place of some in the footer, which begins with version and schema, and corrects its length. */
function withFooter(edit: (footer: Buffer) => Buffer): Buffer {
  const begin = small.length - 8 - small.readUInt32LE(small.length - 8);
  const footer = edit(small.subarray(begin, -8));
  const end = Buffer.from(small.subarray(-8));
  end.writeUInt32LE(footer.length, 0);
  return Buffer.concat([small.subarray(0, begin), footer, end]);
}

/** A list of structs is `19`, then its length: up to 14 in four bits, longer ones behind `fc`. */
function withSchemaLength(...length: number[]): Buffer {
  return withFooter((footer) => {
    expect(footer.subarray(0, 4)).toEqual(Buffer.from([0x15, 0x02, 0x19, 0x2c]));
    return Buffer.concat([footer.subarray(0, 3), Buffer.from([0xfc, ...length]), footer.subarray(4)]);
  });
}

function withNameLength(...length: number[]): Buffer {
  return withFooter((footer) => {
    const name = footer.indexOf('column_a');
    expect(footer[name - 1]).toBe(8);
    return Buffer.concat([footer.subarray(0, name - 1), Buffer.from(length), footer.subarray(name)]);
  });
}

/** The first page begins behind the mark: its kind (`15 xx`), then its unpacked size (`15` and a number of one byte). */
function withPageSize(...size: number[]): Buffer {
  expect([small[4], small[6]]).toEqual([0x15, 0x15]);
  expect(small[7]).toBeLessThan(0x80);
  return Buffer.concat([small.subarray(0, 7), Buffer.from(size), small.subarray(8)]);
}

function withoutBytes(bytes: Buffer, from: number, count: number): Buffer {
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + count)]);
}

function withNoise(): Buffer {
  const bytes = Buffer.from(good);
  for (let at = 200; at < 3000; at += 1) bytes[at] = (at * 7919) % 251;
  return bytes;
}

/** DuckDB itself would not write such names. */
function renamed(name: string, to: string): Buffer {
  const [from, into] = [name, to].map((text) => Buffer.from(text).toString('latin1'));
  expect(into).toHaveLength(name.length);
  return Buffer.from(wide.toString('latin1').replaceAll(from ?? '', into ?? ''), 'latin1');
}
