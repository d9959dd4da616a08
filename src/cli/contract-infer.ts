import path from 'node:path';
import type { ColumnProfile } from '../domain/profile.js';
import type { Command } from './command.js';
import { FORMAT_OPTION, withPart } from './contract-part.js';
import { OUTPUT_OPTION, giveText } from './write-new.js';

export const infer: Command = {
  name: 'infer',
  summary: 'Writes a first data contract from a file of data, with a comment behind every guess.',
  examples: [
    'contract infer data/orders.csv -o contract.odcs.yaml',
    'contract infer export.gz --format csv --table orders',
  ],
  arguments: [{ name: '<file>', description: 'CSV, TSV, JSON Lines or Parquet, also packed as .gz or .zst' }],
  options: [
    FORMAT_OPTION,
    { flags: '--table <name>', description: 'name of the table, such as the source in the spec; default: the file' },
    OUTPUT_OPTION,
  ],
  async run(context) {
    const [file = ''] = context.words;
    const table = context.text('table') ?? tableName(file);
    const [{ profileFiles }, { uniqueColumns }, { inferContract }, { parse }] = await Promise.all([
      import('../data/profile.js'),
      import('../data/unique-columns.js'),
      import('../contracts/infer.js'),
      import('yaml'),
    ]);
    const { signal } = context;
    const text = await withPart(context, file, { table }, async (part) => {
      const profile = await profileFiles([part], { signal });
      const candidates = profile.columns.filter((column) => mayBeKey(column)).map(({ name }) => name);
      const unique = await uniqueColumns(part, candidates, { signal });
      return inferContract(table, { profile, unique, file: path.basename(file) });
    });
    await giveText(context, text, { table, contract: parse(text) as unknown });
  },
};

/** Counting different values exactly costs memory: only where the estimate comes near the number of rows. */
function mayBeKey({ type, rows, nulls, distinct = 0 }: ColumnProfile): boolean {
  return (type === 'string' || type === 'integer') && nulls === 0 && rows > 1 && distinct >= 0.8 * rows;
}

/** A name that a source may have, from the name of a file. */
function tableName(file: string): string {
  const base = path.basename(file).replace(/\..*$/, '').toLowerCase();
  const name = base.replaceAll(/[^a-z0-9-]+/g, '-').replaceAll(/^-+|-+$/g, '');
  return name === '' ? 'data' : name.slice(0, 63);
}
