import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workbench, type IngestOptions, type Workbench } from '../src/data/data-job.js';
import { refusal } from './refusal.js';

let bench: Workbench;
let plain: string;
beforeAll(async () => {
  bench = await workbench();
  plain = (await bench.ingest(CSV)).part.ref.sha256;
});
afterAll(() => bench.close());

const CSV = 'a,b\n1,x\n2,y\n';
const HALVES = ['a,b\n1,x\n', '2,y\n'] as const;
const [GZIP, ...gzipHalves] = [CSV, ...HALVES].map((text) => gzipSync(text)) as [Buffer, Buffer, Buffer];
/** What `zstd` 1.5 writes of the same texts, with their check, and of the whole one without (`--no-check`). */
const [ZSTD, UNCHECKED, ...zstdHalves] = [
  'KLUv/SQMYQAAYSxiCjEseAoyLHkKLp8hRg==',
  'KLUv/SAMYQAAYSxiCjEseAoyLHkK',
  'KLUv/SQIQQAAYSxiCjEseApmAzAf',
  'KLUv/SQEIQAAMix5CvpY7Lk=',
].map((text) => Buffer.from(text, 'base64')) as [Buffer, Buffer, Buffer, Buffer];
const joined = (...parts: (Uint8Array | string)[]) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const flipped = (bytes: Buffer, at: number) => {
  const copy = Buffer.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 0xff;
  return copy;
};
/** Empty, and to be passed over: 5 bytes that mean nothing. */
const SKIPPABLE = joined(Buffer.from([0x50, 0x2a, 0x4d, 0x18, 5, 0, 0, 0]), 'hello');
const gz: IngestOptions = { id: 'inbox/data.csv.gz' };
const zst: IngestOptions = { id: 'inbox/data.csv.zst' };

describe('a packed object', () => {
  it.each<readonly [string, Uint8Array, IngestOptions]>([
    ['gzip', GZIP, gz],
    ['gzip of two members', joined(...gzipHalves), gz],
    ['gzip with a third, empty member', joined(...gzipHalves, gzipSync('')), gz],
    ['gzip under a name in capitals', GZIP, { id: 'inbox/DATA.CSV.GZ' }],
    ['gzip under a name without .gz', GZIP, { id: 'inbox/data.csv' }],
    ['gzip under a name that says zstd', GZIP, zst],
    ['gzip under a name that says nothing', GZIP, { id: 'inbox/data', format: 'csv' }],
    ['zstd', ZSTD, zst],
    ['zstd without a check', UNCHECKED, zst],
    ['zstd of two frames', joined(...zstdHalves), zst],
    ['zstd with frames to pass over', joined(ZSTD, SKIPPABLE), zst],
    ['zstd under a name without .zst', ZSTD, { id: 'inbox/data.csv' }],
  ])('%s gives the very same part as unpacked', async (_, bytes, options) => {
    const { part } = await bench.ingest(bytes, options);
    expect(part).toMatchObject({ rows: 2, ref: { sha256: plain }, sourceSha256: 'f'.repeat(64) });
  });

  it.each<readonly [string, Uint8Array, IngestOptions, RegExp]>([
    ['gzip that was cut off', GZIP.subarray(0, -3), gz, /it was cut off/],
    ['gzip that was cut off behind its first bytes', GZIP.subarray(0, 2), gz, /it was cut off/],
    ['gzip whose second member was cut off', joined(GZIP, GZIP.subarray(0, 9)), gz, /it was cut off/],
    ['gzip whose check is wrong', flipped(GZIP, -6), gz, /it is damaged/],
    ['gzip whose length is wrong', flipped(GZIP, -1), gz, /it is damaged/],
    ['gzip with bytes changed', flipped(GZIP, 12), gz, /it is damaged/],
    ['gzip with text behind it', joined(GZIP, 'junk'), gz, /bytes behind its end that are no gzip/],
    ['gzip with zeros behind it', joined(GZIP, Buffer.alloc(512)), gz, /bytes behind its end/],
    ['gzip with a member behind a zero', joined(GZIP, Buffer.alloc(1), GZIP), gz, /bytes behind its end/],
    ['gzip in gzip', gzipSync(GZIP), gz, /packed twice, with gzip inside/],
    ['zstd in gzip', gzipSync(ZSTD), gz, /packed twice, with zstd inside/],
    ['gzip in gzip that is to be Parquet', gzipSync(GZIP), { id: 'inbox/data.parquet.gz' }, /packed twice/],
    [
      'text under a name that says gzip',
      Buffer.from(CSV),
      gz,
      /begins with the bytes 612c620a, and its name says gzip/,
    ],
    ['text under a name that says zstd', Buffer.from(CSV), zst, /its name says zstd/],
    ['zstd that was cut off', ZSTD.subarray(0, -1), zst, /it was cut off/],
    ['zstd that was cut off in its header', ZSTD.subarray(0, 5), zst, /it was cut off/],
    ['zstd with its check cut off', ZSTD.subarray(0, -4), zst, /it was cut off/],
    ['zstd whose check is wrong', flipped(ZSTD, -1), zst, /it is damaged/],
    ['zstd with a byte of its text changed', flipped(ZSTD, 12), zst, /it is damaged/],
    ['zstd that says another length', flipped(UNCHECKED, 5), zst, /it is damaged/],
    ['zstd with a block of no kind', joined(UNCHECKED.subarray(0, 6), Buffer.from([7, 0, 0])), zst, /it is damaged/],
    ['zstd with text behind it', joined(ZSTD, 'some text'), zst, /bytes behind its end that are no zstd/],
    ['zstd with two bytes behind it', joined(ZSTD, 'ab'), zst, /it was cut off/],
    ['zstd that needs a dictionary', frame(0x21, 7, 12), zst, /needs a dictionary/],
    ['zstd that needs 2 GB', frame(0x00, 0xa8), zst, /needs 2147483648 bytes of memory to unpack/],
    ['zstd that says it has 2^60 bytes', frame(0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10), zst, /bytes of memory to unpack/],
  ])('%s is refused', async (_, bytes, options, message) => {
    const error = await refusal(bench, bytes, options);
    expect(error).toMatchObject({ code: 'DATA.UNREADABLE', message: expect.stringMatching(message) as string });
  });

  it.each<readonly [string, Uint8Array, IngestOptions]>([
    ['gzip', gzipSync(''), gz],
    ['a name that says gzip', Buffer.alloc(0), gz],
    ['zstd', Buffer.from('KLUv/SQAAQAAmenYUQ==', 'base64'), zst],
  ])('nothing in %s is refused as empty', async (_, bytes, options) => {
    expect(await refusal(bench, bytes, options)).toMatchObject({ code: 'DATA.EMPTY' });
  });

  it('is refused when it has more bytes than the limit, whatever its ratio', async () => {
    const text = `a,b\n${'1,x\n'.repeat(1000)}`;
    const small = { unpackLimits: { maxBytes: 2000 } };
    const error = await refusal(bench, gzipSync(text), { ...gz, ...small });
    expect(error).toMatchObject({ code: 'DATA.UNREADABLE' });
    expect(error.message).toMatch(/more than 2000 bytes when it is unpacked with gzip, the most$/);
    const { part } = await bench.ingest(gzipSync(text), { ...gz, unpackLimits: { maxBytes: 5000 } });
    expect(part.rows).toBe(1000);
  });

  it('of tables of zeros and ones is read: 400 times its packed size is no attack', async () => {
    const row = `${Array.from({ length: 1000 }, () => '0').join(',')}\n`;
    const header = `${Array.from({ length: 1000 }, (_, n) => `c${n}`).join(',')}\n`;
    const { part } = await bench.ingest(gzipSync(header + row.repeat(1500)), gz);
    expect(part.rows).toBe(1500);
  });
});

/** The head of a frame, with nothing behind it. */
function frame(...head: number[]): Buffer {
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...head]);
}
