import type { Contract, ContractFinding, ContractTable } from '../domain/contract.js';
import type { ObjectProfile } from '../data/age-rule.js';
import type { ColumnType } from '../domain/data.js';
import { DataEmptyError, DataUnreadableError, UsageError } from '../errors.js';
import { didYouMean } from '../spec/issues.js';
import type { Command, CommandContext } from './command.js';
import { FORMAT_OPTION, withPart } from './contract-part.js';
import { EXIT_CODES } from './exit-codes.js';

export const check: Command = {
  name: 'check',
  summary: 'Holds files of data against a contract, on this machine alone; ends with 4 when one breaks it.',
  examples: [
    'contract check contract.odcs.yaml orders.csv',
    'contract check contract.odcs.yaml week-*.parquet --table orders',
  ],
  arguments: [
    { name: '<contract>', description: 'the contract file' },
    { name: '<files...>', description: 'files of one table' },
  ],
  options: [
    { flags: '--table <name>', description: 'which table; needed when the contract has several' },
    FORMAT_OPTION,
  ],
  async run(context) {
    const [file = '', ...files] = context.words;
    const [{ readContract }, { noteLines }, { inspectPart }, { ageFindings }] = await Promise.all([
      import('./contract-read.js'),
      import('../contracts/note-lines.js'),
      import('../data/inspect-part.js'),
      import('../data/age-rule.js'),
    ]);
    const { compiled } = await readContract(file);
    const [name, table] = tableOf(compiled.contract, context.text('table'), file);
    const unchecked = noteLines(compiled.notes);
    for (const line of unchecked) context.note(`note: ${file}: ${line}`);
    const { signal } = context;
    const results: FileResult[] = [];
    const profiles: ObjectProfile[] = [];
    for (const data of files) {
      try {
        await withPart(context, data, { table: name, types: typesOf(table) }, async (part) => {
          const { rows, profile, findings } = await inspectPart(
            { files: [part], table: name, contract: table },
            { signal },
          );
          results.push({ file: data, rows, findings: [...findings] });
          profiles.push({ object: data, profile });
        });
      } catch (error) {
        // A file that cannot be read is a verdict as well: the others are still to be looked at.
        if (!(error instanceof DataUnreadableError || error instanceof DataEmptyError)) throw error;
        const { code, message, fix } = error;
        results.push({ file: data, rows: 0, findings: [], unreadable: { code, message, ...(fix && { fix }) } });
      }
    }
    const ages = ageFindings(name, table.checks, profiles, Date.now());
    for (const finding of ages) results.find((result) => result.file === finding.object)?.findings.push(finding);
    const isBroken = results.some(
      ({ findings, unreadable }) => unreadable || findings.some(({ severity }) => severity !== 'warn'),
    );
    const document = { contract: file, table: name, keeps: !isBroken, files: results, unchecked };
    context.answer(document, () => results.map((result) => resultText(context, result)).join('\n'));
    return isBroken ? EXIT_CODES.judged : EXIT_CODES.ok;
  },
};

interface FileResult {
  readonly file: string;
  readonly rows: number;
  readonly findings: Omit<ContractFinding, 'source' | 'object'>[];
  /** Why the file could not be read. */
  readonly unreadable?: { readonly code: string; readonly message: string; readonly fix?: string };
}

function tableOf({ tables }: Contract, name: string | undefined, file: string): [string, ContractTable] {
  const names = Object.keys(tables);
  const [only, ...others] = names;
  const wanted = name ?? (others.length === 0 ? only : undefined);
  const table = wanted === undefined ? undefined : tables[wanted];
  if (wanted !== undefined && table) return [wanted, table];
  const found = name === undefined ? `found ${names.length} tables` : `found no table "${name}"`;
  const want = names.length > 0 ? `want one of ${names.join(', ')}${didYouMean(name, names)}` : 'want one';
  throw new UsageError(`Cannot check against "${file}": ${found}, ${want}`, { fix: 'Name one with --table' });
}

function typesOf({ columns }: ContractTable): Record<string, ColumnType> {
  return Object.fromEntries(columns.flatMap(({ name, type }) => (type === undefined ? [] : [[name, type]])));
}

function resultText({ colours }: CommandContext, { file, rows, findings, unreadable }: FileResult): string {
  if (unreadable) {
    const { code, message, fix } = unreadable;
    return `${colours.red('cannot be read')}  ${file}\n  ${code}: ${message}${fix === undefined ? '' : `\n  fix: ${fix}`}`;
  }
  const counted = `${rows.toLocaleString('en-US')} rows`;
  if (findings.length === 0) return `${colours.green('keeps ')}  ${file}  ${counted}`;
  const isBroken = findings.some(({ severity }) => severity !== 'warn');
  const lines = findings.map(({ check: rule, severity, message }) => `  ${severity.padEnd(10)}  ${rule}  ${message}`);
  return [`${isBroken ? colours.red('breaks') : colours.yellow('warns ')}  ${file}  ${counted}`, ...lines].join('\n');
}
