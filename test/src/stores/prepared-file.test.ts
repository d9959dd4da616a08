import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { joinedCrc32 } from '../../../src/stores/crc32.js';
import { hashFile, sha256Hex } from '../../../src/stores/digest.js';
import { PreparedFile } from '../../../src/stores/prepared-file.js';
import { seededBytes, seededRandom } from '../../support/random.js';

const MEBIBYTE = 1024 * 1024;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-prepared-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('joined CRC, is the CRC of the joined bytes', () => {
  const random = seededRandom(3);
  for (let round = 0; round < 200; round += 1) {
    const bytes = seededBytes(Math.floor(random() * 3000), round);
    const cut = Math.floor(random() * (bytes.length + 1));
    const [first, second] = [bytes.subarray(0, cut), bytes.subarray(cut)];
    expect(joinedCrc32(crc32(first), crc32(second), second.length)).toBe(crc32(bytes));
  }
});

test('joined CRC, is right for pieces larger than 32 bits can count', () => {
  // x^(2^32 - 1) is 1 modulo the polynomial: so many bits of zero change nothing.
  const around = 2 ** 32 - 1;
  expect(joinedCrc32(0x12345678, 0, around * 8)).toBe(joinedCrc32(0x12345678, 0, 0));
  expect(joinedCrc32(0x12345678, 0, around * 8 + 5)).toBe(joinedCrc32(0x12345678, 0, 5));
});

test.each([0, 1, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 3 * MEBIBYTE + 17])(
  'file of %i bytes, is hashed whole and by pieces',
  async (length) => {
    const path = join(folder, `file-${length}`);
    const bytes = seededBytes(length, length + 1);
    await writeFile(path, bytes);
    expect(await hashFile(path)).toEqual({ sha256: sha256Hex(bytes), bytes: length });
    const file = await PreparedFile.read(path);
    expect(file.crc32(0, length)).toBe(crc32(bytes));
    if (length > 2 * MEBIBYTE) {
      expect(file.crc32(MEBIBYTE, 3 * MEBIBYTE)).toBe(crc32(bytes.subarray(MEBIBYTE, 3 * MEBIBYTE)));
      expect(file.crc32(2 * MEBIBYTE, length)).toBe(crc32(bytes.subarray(2 * MEBIBYTE)));
    }
    expect(JSON.parse(JSON.stringify(file))).toEqual({ path, sha256: sha256Hex(bytes), bytes: length });
    expect(Object.keys(Object.assign({}, file))).toEqual(['path', 'sha256', 'bytes']);
  },
);

test('hashing, stops when it is aborted and says what is not there', async () => {
  const path = join(folder, 'file-1');
  const reason = new Error('enough');
  await expect(hashFile(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await expect(hashFile(join(folder, 'no-such-file'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a file that somebody else may change, is neither a link nor a pipe', async () => {
  const [file, linked, pipe] = ['real', 'link', 'pipe'].map((name) => join(folder, name));
  await writeFile(file ?? '', 'content');
  await symlink(file ?? '', linked ?? '');
  await promisify(execFile)('mkfifo', [pipe ?? '']);
  expect(await PreparedFile.read(file ?? '', { untrusted: true })).toMatchObject({ bytes: 7 });
  expect(await PreparedFile.read(linked ?? '')).toMatchObject({ bytes: 7 });
  await expect(PreparedFile.read(linked ?? '', { untrusted: true })).rejects.toThrow('ELOOP');
  await expect(PreparedFile.read(pipe ?? '', { untrusted: true })).rejects.toThrow('is not a regular file');
});
