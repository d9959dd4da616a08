import { CompactReader, INT32 } from './thrift-compact.js';

/** What the header of a Parquet page says, as far as it matters before the page is unpacked. */
export interface PageHeader {
  /** Bytes that the page claims to have when it is unpacked. */
  readonly unpacked: number;
  /** Bytes that follow the header. */
  readonly packed: number;
  /** Bytes of the header itself. */
  readonly length: number;
}

/**
 * Reads the page header at the beginning of `bytes`; only the outermost numbers are wanted, the rest is passed over.
 *
 * Format: `PageHeader` of the Parquet format's parquet.thrift.
 *
 * @returns undefined when it is no header, or does not end within `bytes`
 */
export function pageHeader(bytes: Buffer): PageHeader | undefined {
  const reader = new CompactReader(bytes);
  const fields = new Map<number, number>();
  try {
    reader.struct((id, type) => {
      if (type === INT32) fields.set(id, reader.integer());
      else reader.skip(type);
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  const [unpacked, packed] = [fields.get(UNPACKED), fields.get(PACKED)];
  if (unpacked === undefined || packed === undefined) return undefined;
  return { unpacked, packed, length: reader.at };
}

const UNPACKED = 2;
const PACKED = 3;
