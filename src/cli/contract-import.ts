import path from 'node:path';
import type { TableSchema } from '../contracts/frictionless.js';
import { UsageError } from '../errors.js';
import type { Command } from './command.js';
import { OUTPUT_OPTION, giveText } from './write-new.js';

export const importSchema: Command = {
  name: 'import',
  summary: 'Makes a data contract from a Frictionless Table Schema or Data Package, and tells what is lost.',
  examples: ['contract import schema.json --table orders -o contract.odcs.yaml', 'contract import datapackage.json'],
  arguments: [{ name: '<file>', description: 'a Table Schema (version 1 or 2), or a Data Package with schemas in it' }],
  options: [
    { flags: '--table <name>', description: 'name of the table; default: the name of the file' },
    OUTPUT_OPTION,
  ],
  async run(context) {
    const [file = ''] = context.words;
    const [{ fromFrictionless, contractOfTables }, { stringify }, value] = await Promise.all([
      import('../contracts/frictionless.js'),
      import('yaml'),
      readSchema(file),
    ]);
    const name = context.text('table') ?? path.basename(file).replace(/\..*$/, '');
    const carried = tablesIn(value, name, file).map(([table, schema]) => ({
      table,
      ...fromFrictionless(schema, table),
    }));
    const losses = carried.flatMap(({ table, losses: lost }) => lost.map((loss) => `${table}: ${loss}`));
    for (const loss of losses) context.note(`lost: ${loss}`);
    const document = contractOfTables(
      carried.map((each) => each.value),
      name,
    );
    await giveText(context, stringify(document, { lineWidth: 120 }), { contract: document, losses });
  },
};

async function readSchema(file: string): Promise<unknown> {
  const [{ readText }, { parseYaml }] = await Promise.all([import('../spec/text.js'), import('../spec/yaml.js')]);
  const read = await readText(file);
  const fix = 'Name a file with a Table Schema: {"fields": [{"name": ...}]}';
  if ('problem' in read) throw new UsageError(`Cannot read schema "${file}": ${read.problem.message}`, { fix });
  const { value, syntax } = parseYaml(read.text, 'a Table Schema');
  const [problem] = syntax;
  if (!problem) return value;
  const { line, column } = problem.place;
  throw new UsageError(`Cannot read schema "${file}": ${problem.message} at ${line}:${column}`, { fix });
}

/** The schemas in a file, by the names of their tables. */
function tablesIn(value: unknown, name: string, file: string): [string, TableSchema][] {
  const { resources } = (value ?? {}) as { readonly resources?: unknown };
  const found: [string, unknown][] = Array.isArray(resources)
    ? (resources as { name?: unknown; schema?: unknown }[]).map((each) => [String(each.name), each.schema])
    : [[name, value]];
  const fit = found.filter((entry): entry is [string, TableSchema] => isSchema(entry[1]));
  if (fit.length > 0) return fit;
  throw new UsageError(`Cannot import "${file}": found no Table Schema, want "fields" with a "name" each`, {
    fix: 'Name a file with a Table Schema, or a Data Package whose resources have schemas inside',
  });
}

function isSchema(value: unknown): value is TableSchema {
  const { fields } = (value ?? {}) as { readonly fields?: unknown };
  return (
    Array.isArray(fields) && fields.every((field) => typeof (field as { name?: unknown } | null)?.name === 'string')
  );
}
