import { codeText } from './code-text.js';
import type { Contract } from '../domain/contract.js';
import type { TaskKind } from '../domain/task.js';
import type { SplitSpec } from '../spec/spec.js';
import type { Command } from './command.js';

export const validate: Command = {
  name: 'validate',
  summary: 'Checks a model spec, its SQL, its contract and its code, without connecting to anything.',
  examples: ['validate perennial.yaml', 'validate --json model.ts'],
  arguments: [{ name: '[file]', description: 'the spec file; default: perennial.yaml' }],
  async run({ words, answer, note, colours }) {
    const [{ readSpecFile }, { existsSync }, { compileContractFile }, { noteLines }] = await Promise.all([
      import('../spec/file.js'),
      import('node:fs'),
      import('../contracts/index.js'),
      import('../contracts/note-lines.js'),
    ]);
    const file = words[0] ?? 'perennial.yaml';
    const stored = await readSpecFile(file);
    const { spec, prepareSql, code } = stored;
    if (prepareSql !== undefined) await (await import('../data/prepare-sql.js')).checkSqlText(prepareSql);
    const compiled = typeof spec.contract === 'string' ? compileContractFile(stored) : undefined;
    const unchecked = noteLines(compiled?.notes ?? []);
    for (const line of unchecked) note(`note: ${spec.contract as string}: ${line}`);
    for (const [name, source] of Object.entries(spec.sources)) {
      // No error: the spec may be checked on another machine than the workers'.
      if (source.kind !== 'file' || existsSync(source.path)) continue;
      note(`warning: source "${name}": there is no "${source.path}" on this machine; a run would fail`);
    }
    const document = {
      valid: true,
      file,
      model: spec.name,
      spec,
      ...(prepareSql === undefined ? {} : { prepareSql }),
      ...(compiled ? { contract: compiled.contract, unchecked } : {}),
      ...(code ? { code } : {}),
    };
    answer(document, () => {
      const sources = Object.entries(spec.sources).map(([name, { kind }]) => `${name} (${kind})`);
      const schedule = spec.triggers.schedule;
      return [
        `${colours.green('valid')}  ${file}`,
        `  model     ${spec.name}: ${spec.objective.statement}`,
        `  data      ${sources.join(', ')}${spec.prepare === undefined ? '' : `, prepared by ${spec.prepare}`}`,
        ...(compiled ? [`  contract  ${spec.contract as string}: ${rulesOf(compiled.contract)}`] : []),
        `  task      ${spec.task.label}${kindText(spec.task.kind)} from ${spec.task.features.length} features`,
        `  training  ${spec.trainer.command?.join(' ') ?? spec.trainer.entry ?? spec.trainer.estimator}, judged on ${testRows(spec.split)}`,
        ...(code ? [`  code      ${codeText(code)}`] : []),
        `  schedule  ${schedule ? `${schedule.cron} (${schedule.timezone})${schedule.paused ? ', paused' : ''}` : 'none'}`,
      ].join('\n');
    });
  },
};

/** Most tasks are binary; the others are worth a word. */
function kindText(kind: TaskKind): string {
  return kind === 'binary' ? '' : ` (${kind})`;
}

function rulesOf({ tables }: Contract): string {
  const all = Object.values(tables);
  const columns = all.reduce((sum, table) => sum + table.columns.length, 0);
  const checks = all.reduce((sum, table) => sum + table.checks.length, 0);
  return `${columns} columns in ${Object.keys(tables).join(', ') || 'no table'}, ${checks} checks`;
}

/** What the model is judged on, for one line. */
function testRows(split: SplitSpec): string {
  switch (split.by) {
    case 'time':
      return `the newest ${split.test}`;
    case 'group':
    case 'hash':
    case 'stratified':
      return `${Math.round(split.test * 1000) / 10} % of the ${split.by === 'group' ? 'groups' : 'rows'}, by ${split.by}`;
    case 'fixed':
      return `the rows of ${split.source}`;
  }
}
