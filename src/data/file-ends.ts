import { open } from 'node:fs/promises';

/** The size of a file and its first and last eight bytes (fewer at the head of a shorter file). */
export async function fileEnds(file: string): Promise<{ bytes: number; head: Buffer; tail: Buffer }> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(Math.min(8, size));
    const tail = Buffer.alloc(8);
    await handle.read(head, 0, head.length, 0);
    await handle.read(tail, 0, 8, Math.max(0, size - 8));
    return { bytes: size, head, tail };
  } finally {
    await handle.close();
  }
}

/** The first four bytes, as a text when they are one. */
export function shownBytes(bytes: Buffer): string {
  const text = bytes.subarray(0, 4).toString('latin1');
  return /^[ -~]+$/.test(text) ? `"${text}"` : `the bytes ${bytes.subarray(0, 4).toString('hex')}`;
}
