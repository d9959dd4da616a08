import type { ContractColumn, ContractTable, MlRole } from '../domain/contract.js';
import type { TaskKind } from '../domain/task.js';
import { ContractPairError } from '../errors.js';
import { wantOneOf } from '../spec/issues.js';
import { nearestName } from '../spec/nearest.js';
import type { SpecParts } from '../spec/parts.js';
import { pathText, quoted, type SpecIssue, type SpecPath } from '../spec/path.js';
import type { StoredSpec } from '../spec/spec.js';
import { contractOf } from './index.js';

/** A place where contract and task do not fit. */
export interface PairIssue extends SpecIssue {
  /** Who must act: the contract lacks something, or the task asks for something wrong. */
  readonly owner: 'data' | 'model';
  readonly column: string;
}

/**
 * Makes sure that the contract and what the task declares as label, features and event time are a pair.
 *
 * @throws {ContractPairError} with all columns that do not fit, and who must act on each
 */
export function checkPair(stored: StoredSpec): void {
  const { spec } = stored;
  const issues = pairIssues(spec, contractOf(stored));
  const [first] = issues;
  if (!first) return;
  const owners = [...new Set(issues.map(({ owner }) => owner))];
  const shown = issues.slice(0, 5).map(({ path, message }) => `${pathText(path)}: ${message}`);
  const more = issues.length > shown.length ? ` (and ${issues.length - shown.length} more)` : '';
  const who = owners.map((owner) => `${spec.owners[owner]} (${owner})`).join(' and ');
  throw new ContractPairError(
    `Cannot train "${spec.name}": contract and task do not fit: ${shown.join('; ')}${more}. ${who} must act`,
    {
      fix: `${who}: change the contract or the task until perennial validate is content, then apply the spec again.`,
      details: {
        owners,
        columns: [...new Set(issues.map(({ column }) => column))],
        mismatches: issues.map(({ path, message, owner, column }) => ({
          path: pathText(path),
          message,
          owner,
          column,
        })),
      },
    },
  );
}

/** Everything of the task that the contract does not bear out; works on what is there of a spec. */
export function pairIssues(spec: SpecParts, contract: PairContract): PairIssue[] {
  const { task, sources = {}, prepare, split } = spec;
  if (!task) return [];
  const testSource = split?.by === 'fixed' ? split.source : undefined;
  const [source, ...others] = Object.keys(sources).filter((name) => name !== testSource);
  // With a prepare the training table has columns of its own; only a lone source is the training table itself.
  const lone = prepare === undefined && others.length === 0 ? source : undefined;
  const name = lone ?? (prepare === undefined ? undefined : 'training');
  const table = name === undefined ? undefined : contract.tables[name];
  const columns = named(spec);
  if (!table || name === undefined) return columns.flatMap((each) => sensitiveIssue(each, contract));
  const types = { ...TYPES, label: LABEL_TYPES[task.kind ?? 'binary'] };
  const issues = columns.flatMap((each) => columnIssues(each, table, name, contract.id !== undefined, types));
  const told = new Set(issues.map(({ column }) => column));
  // Who calls it a feature of the training table has looked at what the SQL makes of it.
  const meant = new Set(table.columns.filter(({ roles }) => roles.includes('feature')).map(({ name }) => name));
  const sensitive = columns.flatMap((each) => sensitiveIssue(each, contract));
  issues.push(...sensitive.filter(({ column }) => !told.has(column) && !meant.has(column)));
  issues.push(...labelIssues(task.label, table));
  return issues;
}

/** As much of a contract as the comparison needs. */
export interface PairContract {
  /** Only a contract file has one: it names all columns there are. Inline rules may leave some out. */
  readonly id?: string;
  readonly tables: Readonly<Record<string, Pick<ContractTable, 'columns' | 'otherColumns'> | undefined>>;
}

interface NamedColumn {
  readonly path: SpecPath;
  readonly name: string;
  readonly use: 'label' | 'eventTime' | 'feature' | 'other';
}

/** Every column that the spec names and the training table must have. */
function named({ task, evaluation, split }: SpecParts): NamedColumn[] {
  const list = (path: SpecPath, names: readonly (string | undefined)[] | undefined, use: NamedColumn['use']) =>
    (names ?? []).flatMap((name, index) => (name === undefined ? [] : [{ path: [...path, index], name, use }]));
  return [
    ...(task?.label === undefined ? [] : [{ path: ['task', 'label'], name: task.label, use: 'label' as const }]),
    ...(task?.eventTime === undefined
      ? []
      : [{ path: ['task', 'eventTime'], name: task.eventTime, use: 'eventTime' as const }]),
    ...list(['task', 'features'], task?.features, 'feature'),
    ...list(['evaluation', 'blocks'], evaluation?.blocks, 'other'),
    ...(split && 'columns' in split ? list(['split', 'columns'], split.columns, 'other') : []),
    ...(split && 'key' in split ? list(['split', 'key'], split.key, 'other') : []),
  ];
}

function columnIssues(
  { path, name, use }: NamedColumn,
  table: Pick<ContractTable, 'columns' | 'otherColumns'>,
  tableName: string,
  namesAll: boolean,
  types: Types,
): PairIssue[] {
  const column = table.columns.find((each) => same(each.name, name));
  if (column) return [...typeIssues(path, column, types[use]), ...roleIssues(path, column, use, table.columns)];
  if (table.columns.length === 0 || (!namesAll && table.otherColumns === undefined)) return [];
  const known = table.columns.map((each) => each.name);
  const message = `found no column ${quoted(name)} in the contract`;
  // Rules in the spec belong to who writes it; a contract file is the promise of who delivers.
  if (namesAll && nearestName(name, known) === undefined) {
    const want = `want it promised by the table ${quoted(tableName)} of the contract, or left out of the task`;
    return [{ path, message: `${message}, ${want}`, owner: 'data', column: name }];
  }
  return [{ path, message: `${message}, ${wantOneOf(name, known)}`, owner: 'model', column: name }];
}

type Types = Partial<Record<NamedColumn['use'], readonly NonNullable<ContractColumn['type']>[]>>;

const TYPES: Types = {
  eventTime: ['timestamp', 'date'],
  feature: ['string', 'integer', 'number', 'boolean'],
};

const LABEL_TYPES: Readonly<Record<TaskKind, NonNullable<Types['label']>>> = {
  binary: ['boolean', 'integer', 'number'],
  multiclass: ['string', 'integer'],
  regression: ['integer', 'number'],
};

function typeIssues(path: SpecPath, { name, type }: ContractColumn, types: Types['label']): PairIssue[] {
  if (type === undefined || types === undefined || types.includes(type)) return [];
  const message = `found a column of type ${type} in the contract, want ${types.join(' or ')}`;
  return [{ path, message, owner: 'model', column: name }];
}

function roleIssues(
  path: SpecPath,
  { name, roles }: ContractColumn,
  use: NamedColumn['use'],
  columns: readonly ContractColumn[],
): PairIssue[] {
  const issue = (message: string): PairIssue[] => [{ path, message, owner: 'model', column: name }];
  if (use === 'feature') {
    const refused = roles.find((role) => NO_FEATURES.has(role));
    if (refused !== undefined && !(refused === 'id' && roles.includes('feature'))) {
      return issue(`found a column with the role ${refused} in the contract, want it left out of the features`);
    }
    const features = columns.filter((column) => column.roles.includes('feature')).map((column) => column.name);
    if (features.length > 0 && !features.includes(name)) {
      return issue(`found a column that has not the role feature in the contract, ${wantOneOf(name, features)}`);
    }
  }
  if (use === 'eventTime') {
    const times = columns.filter((column) => column.roles.includes('eventTime')).map((column) => column.name);
    if (times.length > 0 && !times.includes(name)) {
      return issue(`found a column that has not the role eventTime in the contract, ${wantOneOf(name, times)}`);
    }
  }
  return [];
}

const NO_FEATURES: ReadonlySet<MlRole> = new Set(['sensitive', 'label', 'id', 'eventTime']);

/** What the contract calls the label is the label. */
function labelIssues(label: string | undefined, { columns }: Pick<ContractTable, 'columns'>): PairIssue[] {
  const labels = columns.filter(({ roles }) => roles.includes('label')).map(({ name }) => name);
  if (label === undefined || labels.length === 0 || labels.some((name) => same(name, label))) return [];
  const message = `found ${quoted(label)}, which has not the role label in the contract, ${wantOneOf(label, labels)}`;
  return [{ path: ['task', 'label'], message, owner: 'model', column: label }];
}

/** What SQL makes of a column is not known here; one that keeps its name is most likely the same thing. */
function sensitiveIssue({ path, name, use }: NamedColumn, { tables }: PairContract): PairIssue[] {
  if (use !== 'feature') return [];
  const isSensitive = Object.values(tables).some((table) =>
    table?.columns.some((column) => same(column.name, name) && column.roles.includes('sensitive')),
  );
  const message = `found the name of a column with the role sensitive in the contract, want it left out of the features`;
  return isSensitive ? [{ path, message, owner: 'model', column: name }] : [];
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The columns of inline rules, as far as they are right. */
export function inlinePair(contract: SpecParts['contract']): PairContract {
  if (typeof contract !== 'object') return { tables: {} };
  const tables = Object.entries(contract).map(([name, table]) => {
    const columns = Object.entries(table?.columns ?? {}).map(([column, rule]) => ({
      name: column,
      ...(rule?.type === undefined ? {} : { type: rule.type }),
      required: rule?.required ?? true,
      roles: [],
      severity: 'block' as const,
    }));
    return [
      name,
      { columns, ...(table?.otherColumns === 'refuse' ? { otherColumns: 'block' as const } : {}) },
    ] as const;
  });
  return { tables: Object.fromEntries(tables) };
}
