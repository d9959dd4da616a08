import { DataEmptyError, DataUnreadableError } from '../errors.js';
import { fileEnds, shownBytes } from './file-ends.js';
import { packedWith } from './packing.js';

export type DataFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet';

/**
 * The format of an object: the declared one, else by the ending of its name in any case: `.csv`, `.tsv`, `.jsonl` or
 * `.ndjson`, `.parquet`, each with `.gz` or `.zst` behind it or not.
 *
 * @throws {DataUnreadableError} when neither says it.
 */
export function dataFormat(object: string, declared?: DataFormat): DataFormat {
  if (declared) return declared;
  const ending = /\.(csv|tsv|jsonl|ndjson|parquet)(?:\.(?:gz|zst))?$/i.exec(object)?.[1]?.toLowerCase();
  if (ending === 'ndjson') return 'jsonl';
  if (ending === 'csv' || ending === 'tsv' || ending === 'jsonl' || ending === 'parquet') return ending;
  throw new DataUnreadableError(
    `Cannot read "${object}": its name ends in none of .csv, .tsv, .jsonl, .ndjson and .parquet (and .gz or .zst behind it)`,
    {
      fix: 'Set `format` on the source, narrow its `prefix` or `path`, or rename the object.',
      details: { object },
    },
  );
}

/**
 * Looks at the first and last bytes of a file that has been unpacked, so that a file of another kind is refused for what
 * it is, before a parser guesses at it.
 *
 * @throws {DataEmptyError} for a file without bytes; {@link DataUnreadableError} for another kind of file.
 */
export async function checkFormat(file: string, format: DataFormat, object: string): Promise<void> {
  const { bytes, head, tail } = await fileEnds(file);
  const refuse = (found: string, fix: string): never => {
    throw new DataUnreadableError(`Cannot read "${object}" as ${NAMES[format]}: ${found}`, {
      fix,
      details: { object, format },
    });
  };
  if (bytes === 0 || (format !== 'parquet' && bytes === 3 && head.subarray(0, 3).equals(UTF8_MARK))) {
    throw new DataEmptyError(`Cannot read "${object}": the file is empty`, {
      fix: 'Write the file again, or remove it from the source.',
      details: { object },
    });
  }
  const packer = packedWith(head);
  if (packer === 'gzip' || packer === 'zstd') refuse(`it is packed twice, with ${packer} inside`, 'Pack it once.');
  if (packer !== undefined) refuse(`it is packed with ${packer}`, 'Pack it with gzip or zstd, or not at all.');
  if (format === 'parquet') checkParquetEnds(bytes, head, tail, refuse);
  else if (head.subarray(0, 4).equals(PARQUET)) {
    refuse('it is a Parquet file', 'Set the format of the source to parquet.');
  } else if (head.subarray(0, 2).equals(UTF16_LE) || head.subarray(0, 2).equals(UTF16_BE)) {
    refuse('it is UTF-16 text', 'Write it as UTF-8.');
  }
}

function checkParquetEnds(
  bytes: number,
  head: Buffer,
  tail: Buffer,
  refuse: (found: string, fix: string) => never,
): void {
  if (!head.subarray(0, 4).equals(PARQUET)) {
    refuse(`it begins with ${shownBytes(head)}, want PAR1`, 'Write it as Parquet, or set its format to what it is.');
  }
  if (bytes < 12 || !tail.subarray(4).equals(PARQUET)) {
    refuse(`it ends with ${shownBytes(tail.subarray(4))}, want PAR1: it was cut off`, 'Write the file again.');
  }
  const footer = tail.readUInt32LE(0);
  if (footer > bytes - 12) {
    refuse(`its footer claims ${footer} bytes, the file has ${bytes}`, 'Write the file again.');
  }
}

const NAMES = { csv: 'CSV', tsv: 'TSV', jsonl: 'JSON Lines', parquet: 'Parquet' } as const;
const PARQUET = Buffer.from('PAR1');
const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_LE = Buffer.from([0xff, 0xfe]);
const UTF16_BE = Buffer.from([0xfe, 0xff]);
