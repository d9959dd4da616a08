import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ColumnType } from '../domain/data.js';
import type { DataFormat } from '../data/data-format.js';
import { UsageError } from '../errors.js';
import type { CommandContext } from './command.js';

/**
 * Reads a data file as a run would, hands its Parquet form on, and takes that away again.
 *
 * @param options name of the table, and the types that its contract declares
 */
export async function withPart<T>(
  context: CommandContext,
  file: string,
  options: { readonly table: string; readonly types?: Readonly<Record<string, ColumnType>> },
  work: (parquet: string) => Promise<T>,
): Promise<T> {
  const [{ ingestObject }, { hashFile }] = await Promise.all([
    import('../data/ingest.js'),
    import('../stores/digest.js'),
  ]);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    const [what, fix] = found?.isDirectory()
      ? ['found a folder, want files', `Name its files: ${file.replace(/\/+$/, '')}/*`]
      : ['found no such file', 'Check the path'];
    throw new UsageError(`Cannot read "${file}": ${what}`, { fix });
  }
  const format = formatOf(context);
  const scratch = await mkdtemp(path.join(tmpdir(), 'perennial-contract-'));
  try {
    const { signal } = context;
    const out = path.join(scratch, 'part.parquet');
    const input = {
      source: options.table,
      object: { id: path.basename(file), version: '', bytes: found.size },
      file: path.resolve(file),
      sourceSha256: (await hashFile(file, { signal })).sha256,
      ...(format === undefined ? {} : { format }),
      ...(options.types ? { types: options.types } : {}),
    };
    await ingestObject(input, out, { signal });
    return await work(out);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The option that says what a file is when its name does not. */
export const FORMAT_OPTION = {
  flags: '--format <format>',
  description: 'csv, tsv, jsonl or parquet; default: by the ending of the name',
};

function formatOf({ text }: CommandContext): DataFormat | undefined {
  const given = text('format');
  if (given === undefined) return undefined;
  const format = (['csv', 'tsv', 'jsonl', 'parquet'] as const).find((each) => each === given);
  if (format) return format;
  throw new UsageError(`Cannot read files of the format "${given.slice(0, 40)}": want csv, tsv, jsonl or parquet`, {
    fix: 'Give one of these with --format, or leave it out',
  });
}
