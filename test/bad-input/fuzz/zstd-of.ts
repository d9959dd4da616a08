import { Xxh64 } from '../../../src/data/xxh64.js';
import type { Draw } from './generate.js';

/** Packs bytes in a zstd frame of raw and repeated blocks, with a check; the size is told or not. */
export function zstdOf(bytes: Buffer, draw: Draw): Buffer {
  const sized = draw.chance(0.5);
  const size = Buffer.alloc(sized ? 4 : 0);
  if (sized) size.writeUInt32LE(bytes.length, 0);
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const same = draw.chance(0.5);
    let end = Math.min(bytes.length, at + 1 + draw.below(300));
    if (same) for (end = at + 1; end < bytes.length && bytes[end] === bytes[at];) end += 1;
    blocks.push(same ? block(1, end - at, bytes.subarray(at, at + 1)) : block(0, end - at, bytes.subarray(at, end)));
    at = end;
  }
  const hash = new Xxh64();
  hash.update(bytes);
  const check = Buffer.alloc(4);
  check.writeUInt32LE(hash.low32(), 0);
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, sized ? 0x84 : 0x04, 0x40]);
  return Buffer.concat([head, size, ...blocks, block(0, 0, Buffer.alloc(0), true), check]);
}

function block(kind: 0 | 1, length: number, content: Buffer, last = false): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE(length * 8 + kind * 2 + Number(last), 0, 3);
  return Buffer.concat([head, content]);
}
