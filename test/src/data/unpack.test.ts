import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpackFile } from '../../../src/data/unpack.js';
import { Xxh64 } from '../../../src/data/xxh64.js';
import { errorOf, workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

const unpacked = async (bytes: Uint8Array, packing: 'gzip' | 'zstd', signal?: AbortSignal) => {
  const [from, to] = [bench.path('packed'), bench.path('unpacked')];
  await writeFile(from, bytes);
  await unpackFile(from, to, packing, { object: 'x', ...(signal && { signal }) });
  return await readFile(to);
};

describe('unpacking', () => {
  it('gives back what DuckDB packed with zstd, in compressed blocks of every kind, to the byte', async () => {
    const rows =
      'SELECT i, hash(i) AS h, i % 7 AS seven, repeat(chr(97 + (i % 26)::INTEGER), 40) AS s FROM range(60000) r(i)';
    const [plain, packed] = [bench.path('plain.csv'), bench.path('packed.csv.zst')];
    await bench.query(`COPY (${rows}) TO '${plain}' (FORMAT csv)`);
    await bench.query(`COPY (${rows}) TO '${packed}' (FORMAT csv, COMPRESSION zstd)`);
    expect((await unpacked(await readFile(packed), 'zstd')).equals(await readFile(plain))).toBe(true);
  });

  it('gives back many members of gzip, with their ends anywhere in what is read at a time', async () => {
    const parts = Array.from({ length: 60 }, (_, index) => randomBytes(index * 977));
    const all = await unpacked(Buffer.concat(parts.map((part) => gzipSync(part))), 'gzip');
    expect(all.equals(Buffer.concat(parts))).toBe(true);
    // 256 KiB are read at a time: members that end just there, one byte before and one behind.
    for (const length of [-1, 0, 1].map((more) => 256 * 1024 - 23 + more)) {
      const member = gzipSync(randomBytes(length), { level: 0 });
      const text = await unpacked(Buffer.concat([member, gzipSync('more')]), 'gzip');
      expect(text.subarray(-4).toString()).toBe('more');
      for (const junk of ['\0', 'x', '\0\0x']) {
        const error = await errorOf(unpacked(Buffer.concat([member, Buffer.from(junk)]), 'gzip'));
        expect(error.message).toMatch(/bytes behind its end|was cut off/);
      }
    }
  });

  it('stops when it is told to, with the reason', async () => {
    const bytes = gzipSync(Buffer.alloc(60_000_000));
    const reason = new Error('enough');
    const stop = new AbortController();
    const running = unpacked(bytes, 'gzip', stop.signal);
    setImmediate(() => stop.abort(reason));
    expect(await errorOf(running)).toBe(reason);
  });
});

describe('XXH64', () => {
  // Published with the algorithm, and by its reference implementation.
  it.each([
    ['', 0x51_d8_e9_99],
    ['a', 0xa9_8c_6e_5b],
    ['abc', 0xad_77_09_99],
    ['Nobody inspects the spammish repetition', 0x8a_37_8b_f1],
  ])('of "%s" ends in the known 32 bits', (text, low) => {
    const hash = new Xxh64();
    hash.update(Buffer.from(text));
    expect(hash.low32()).toBe(low);
  });

  it('does not depend on how the bytes are cut', () => {
    const bytes = randomBytes(1000);
    const hashed = (size: number) => {
      const hash = new Xxh64();
      for (let at = 0; at < bytes.length; at += size) hash.update(bytes.subarray(at, at + size));
      return hash.low32();
    };
    expect(new Set([1, 7, 31, 32, 33, 64, 100, 1000].map(hashed)).size).toBe(1);
  });
});
