import { open } from 'node:fs/promises';
import { DataEmptyError, DataUnreadableError } from '../errors.js';

export type DataFormat = 'csv' | 'parquet';

/**
 * The format of an object: the declared one, else by the ending of its name (`.csv`, `.parquet`, in any case).
 *
 * @throws {DataUnreadableError} when neither says it.
 */
export function dataFormat(object: string, declared?: DataFormat): DataFormat {
  if (declared) return declared;
  const ending = /\.(csv|parquet)$/i.exec(object)?.[1]?.toLowerCase();
  if (ending === 'csv' || ending === 'parquet') return ending;
  throw new DataUnreadableError(`Cannot read "${object}": its name ends neither in .csv nor in .parquet`, {
    fix: 'Set `format` on the source, narrow its `prefix` or `path`, or rename the object.',
    details: { object },
  });
}

/**
 * Looks at the first and last bytes of a file, so that a file of another kind is refused for what it is, before a
 * parser guesses at it.
 *
 * @throws {DataEmptyError} for a file without bytes; {@link DataUnreadableError} for another kind of file.
 */
export async function checkFormat(file: string, format: DataFormat, object: string): Promise<void> {
  const { bytes, head, tail } = await ends(file);
  const refuse = (found: string, fix: string): never => {
    throw new DataUnreadableError(`Cannot read "${object}" as ${NAMES[format]}: ${found}`, {
      fix,
      details: { object, format },
    });
  };
  if (bytes === 0 || (format === 'csv' && bytes === 3 && head.subarray(0, 3).equals(UTF8_MARK))) {
    throw new DataEmptyError(`Cannot read "${object}": the file is empty`, {
      fix: 'Write the file again, or remove it from the source.',
      details: { object },
    });
  }
  const isParquet = head.subarray(0, 4).equals(PARQUET);
  if (format === 'parquet') {
    if (!isParquet)
      refuse(`it begins with ${shown(head)}, want PAR1`, 'Write it as Parquet, or set its format to csv.');
    if (bytes < 12 || !tail.subarray(4).equals(PARQUET)) {
      refuse(`it ends with ${shown(tail.subarray(4))}, want PAR1: it was cut off`, 'Write the file again.');
    }
    const footer = tail.readUInt32LE(0);
    if (footer > bytes - 12) {
      refuse(`its footer claims ${footer} bytes, the file has ${bytes}`, 'Write the file again.');
    }
    return;
  }
  if (isParquet) refuse('it is a Parquet file', 'Set the format of the source to parquet.');
  for (const [magic, name] of PACKED) {
    if (head.subarray(0, magic.length).equals(magic))
      refuse(`it is packed with ${name}`, 'Unpack it, or write Parquet.');
  }
  if (head.subarray(0, 2).equals(UTF16_LE) || head.subarray(0, 2).equals(UTF16_BE)) {
    refuse('it is UTF-16 text', 'Write it as UTF-8.');
  }
}

const NAMES = { csv: 'CSV', parquet: 'Parquet' } as const;
const PARQUET = Buffer.from('PAR1');
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_LE = Buffer.from([0xff, 0xfe]);
const UTF16_BE = Buffer.from([0xfe, 0xff]);
const PACKED: readonly (readonly [Buffer, string])[] = [
  [Buffer.from([0x1f, 0x8b]), 'gzip'],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'zstd'],
  [Buffer.from([0x42, 0x5a, 0x68]), 'bzip2'],
  [Buffer.from([0x50, 0x4b, 0x03, 0x04]), 'zip'],
];

async function ends(file: string): Promise<{ bytes: number; head: Buffer; tail: Buffer }> {
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

function shown(bytes: Buffer): string {
  const text = bytes.subarray(0, 4).toString('latin1');
  return /^[ -~]+$/.test(text) ? `"${text}"` : `the bytes ${bytes.subarray(0, 4).toString('hex')}`;
}
