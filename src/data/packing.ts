import { DataUnreadableError } from '../errors.js';
import { fileEnds, shownBytes } from './file-ends.js';

export type Packing = 'gzip' | 'zstd';

/**
 * How a file is packed, by its first bytes: no CSV, JSON or Parquet file begins like a packed one, so a packed file is
 * unpacked whatever it is called. The other way round, a name that ends in .gz or .zst over bytes that are not packed is
 * refused: something between writer and reader has changed the file, or its name.
 *
 * @returns undefined for a file that is not packed
 * @throws {DataUnreadableError}
 */
export async function filePacking(file: string, object: string): Promise<Packing | undefined> {
  const { bytes, head } = await fileEnds(file);
  const packing = packedWith(head);
  if (packing === 'gzip' || packing === 'zstd') return packing;
  const ending = /\.(gz|zst)$/i.exec(object)?.[1]?.toLowerCase();
  if (ending === undefined || bytes === 0) return undefined;
  const named = ending === 'gz' ? 'gzip' : 'zstd';
  throw new DataUnreadableError(
    `Cannot unpack "${object}": it begins with ${shownBytes(head)}, and its name says ${named}`,
    {
      fix: `Pack it with ${named}, or take .${ending} off its name.`,
      details: { object },
    },
  );
}

/** The name of the packer whose files begin like this. */
export function packedWith(head: Buffer): string | undefined {
  const text = head.toString('latin1');
  return PACKERS.find(([begins]) => (typeof begins === 'string' ? text.startsWith(begins) : begins.test(text)))?.[1];
}

const PACKERS: readonly (readonly [string | RegExp, string])[] = [
  ['\x1f\x8b', 'gzip'],
  ['\x28\xb5\x2f\xfd', 'zstd'],
  [/^BZh[1-9]1AY&/, 'bzip2'],
  ['PK\x03\x04', 'zip'],
  ['\xfd7zXZ\0', 'xz'],
  ['\x04\x22M\x18', 'lz4'],
];
