import type { Check, Contract, ContractColumn, ContractTable, MlRole } from '../domain/contract.js';
import { checkWords } from './check-words.js';
import { checkStrictness, severityStrictness, type Strictness } from './strictness.js';

export type Party = 'producers' | 'consumers';

/** One thing that is another in the new contract. */
export interface ContractChange {
  readonly table: string;
  /** Absent for what concerns the whole table. */
  readonly column?: string;
  readonly kind: 'added' | 'removed' | 'tighter' | 'looser' | 'changed';
  /** Whom it breaks: who delivers must deliver more, or who reads may rely on less. */
  readonly breaks: readonly Party[];
  /** Before and now, in one line. */
  readonly message: string;
}

export interface ContractDiff {
  readonly changes: readonly ContractChange[];
  readonly breaks: Readonly<Record<Party, boolean>>;
  /**
   * Which part of the contract's version should grow: `major` when readers may rely on less, `minor` when only who
   * delivers must do more or nothing breaks, `patch` when no rule changed, `none` when nothing did.
   */
  readonly advice: 'none' | 'patch' | 'minor' | 'major';
}

/**
 * Compares what two contracts ask of the data.
 *
 * @param options `sameText`: whether the two documents are equal, so that not even a description changed
 */
export function diffContracts(
  before: Contract,
  after: Contract,
  options: { readonly sameText?: boolean } = {},
): ContractDiff {
  const names = [...new Set([...Object.keys(before.tables), ...Object.keys(after.tables)])];
  const changes = names.flatMap((table) => tableChanges(table, before.tables[table], after.tables[table]));
  const breaks = {
    producers: changes.some((change) => change.breaks.includes('producers')),
    consumers: changes.some((change) => change.breaks.includes('consumers')),
  };
  const quiet = options.sameText === true ? 'none' : 'patch';
  return { changes, breaks, advice: breaks.consumers ? 'major' : changes.length > 0 ? 'minor' : quiet };
}

function tableChanges(
  table: string,
  before: ContractTable | undefined,
  after: ContractTable | undefined,
): ContractChange[] {
  if (!before) return [{ table, kind: 'added', breaks: ['producers'], message: `table "${table}" is new` }];
  if (!after) return [{ table, kind: 'removed', breaks: ['consumers'], message: `table "${table}" is gone` }];
  const changes: ContractChange[] = [];
  const others = severityStrictness(before.otherColumns, after.otherColumns);
  if (others !== 'same') {
    const message = `columns that are not named: ${before.otherColumns ?? 'allow'} -> ${after.otherColumns ?? 'allow'}`;
    // More columns than before are no loss to who reads by name.
    changes.push({ table, kind: kindOf(others), breaks: others === 'tighter' ? ['producers'] : [], message });
  }
  const old = byName(before.columns);
  const now = byName(after.columns);
  for (const [name, column] of old) if (!now.has(name)) changes.push(columnGone(table, column));
  for (const [name, column] of now) {
    const was = old.get(name);
    if (was) changes.push(...columnChanges(table, was, column));
    else changes.push(columnNew(table, column));
  }
  // The checks of a column that came or went are no news of their own.
  const both = (check: Check) => columnsOf(check).every((name) => old.has(name) === now.has(name));
  changes.push(...checkChanges(table, before.checks.filter(both), after.checks.filter(both)));
  return changes;
}

function columnGone(table: string, { name }: ContractColumn): ContractChange {
  return { table, column: name, kind: 'removed', breaks: ['consumers'], message: `column "${name}" is gone` };
}

function columnNew(table: string, { name, required, type }: ContractColumn): ContractChange {
  const message = `column "${name}" is new${type === undefined ? '' : ` (${type})`}${required ? '' : ', may be absent'}`;
  return { table, column: name, kind: 'added', breaks: required ? ['producers'] : [], message };
}

function columnChanges(table: string, before: ContractColumn, after: ContractColumn): ContractChange[] {
  const column = before.name;
  const changes: ContractChange[] = [];
  const add = (strictness: Strictness, what: string, old: unknown, now: unknown) => {
    if (strictness === 'same') return;
    const message = `column "${column}": ${what} ${String(old)} -> ${String(now)}`;
    changes.push({ table, column, kind: kindOf(strictness), breaks: breaksOf(strictness), message });
  };
  add(typeStrictness(before.type, after.type), 'type', before.type ?? 'any', after.type ?? 'any');
  const must = (required: boolean) => (required ? 'in every file' : 'may be absent');
  add(
    before.required === after.required ? 'same' : after.required ? 'tighter' : 'looser',
    '',
    must(before.required),
    must(after.required),
  );
  add(
    severityStrictness(before.severity, after.severity),
    'when missing or of another type',
    before.severity,
    after.severity,
  );
  const roles = (list: readonly MlRole[]) => list.toSorted().join(' and ') || 'no role';
  if (roles(before.roles) !== roles(after.roles)) {
    // A model that learned from it is refused from now on.
    const isClosed = !before.roles.includes('sensitive') && after.roles.includes('sensitive');
    const message = `column "${column}": ${roles(before.roles)} -> ${roles(after.roles)}`;
    changes.push({ table, column, kind: 'changed', breaks: isClosed ? ['consumers'] : [], message });
  }
  return changes.map((change) => ({ ...change, message: change.message.replace(':  ', ': ') }));
}

function typeStrictness(before: ContractColumn['type'], after: ContractColumn['type']): Strictness {
  if (before === after) return 'same';
  if (before === undefined) return 'tighter';
  if (after === undefined) return 'looser';
  const narrower = (wide: ContractColumn['type'], narrow: ContractColumn['type']) =>
    (wide === 'number' && narrow === 'integer') || (wide === 'timestamp' && narrow === 'date');
  return narrower(before, after) ? 'tighter' : narrower(after, before) ? 'looser' : 'other';
}

function checkChanges(table: string, before: readonly Check[], after: readonly Check[]): ContractChange[] {
  const [old, now] = [[...before], [...after]];
  const changes: ContractChange[] = [];
  // The same rule by another id is the same rule; then rules of one id; then the last of one kind on the same columns.
  for (const match of [sameQuestion, sameId, samePlace]) {
    for (const check of old.slice()) {
      const twin = now.find((each) => match(check, each));
      if (!twin) continue;
      old.splice(old.indexOf(check), 1);
      now.splice(now.indexOf(twin), 1);
      const strictness = checkStrictness(check, twin);
      if (strictness === 'same') continue;
      const severity = check.severity === twin.severity ? '' : ` (${check.severity} -> ${twin.severity})`;
      const [was, is] = [checkWords(check), checkWords(twin)];
      const words = was === is ? was : `${was} -> ${is}`;
      changes.push(checkChange(table, twin, kindOf(strictness), breaksOf(strictness), `${words}${severity}`));
    }
  }
  for (const check of old) changes.push(checkChange(table, check, 'removed', ['consumers'], checkWords(check)));
  for (const check of now) {
    // What only warns stops nobody's delivery.
    const breaks: Party[] = check.severity === 'warn' ? [] : ['producers'];
    changes.push(checkChange(table, check, 'added', breaks, `${checkWords(check)} (${check.severity})`));
  }
  return changes;
}

function checkChange(
  table: string,
  check: Check,
  kind: ContractChange['kind'],
  breaks: readonly Party[],
  words: string,
): ContractChange {
  const [column, ...others] = columnsOf(check);
  const place = column !== undefined && others.length === 0 ? { column } : {};
  return { table, ...place, kind, breaks, message: `rule ${check.id}: ${words}` };
}

function sameQuestion(a: Check, b: Check): boolean {
  const question = ({ measure, expect, unit }: Check) => JSON.stringify([measure, expect, unit]);
  return question(a) === question(b);
}

function sameId(a: Check, b: Check): boolean {
  return a.id === b.id && samePlace(a, b);
}

function samePlace(a: Check, b: Check): boolean {
  if (a.measure.kind !== b.measure.kind || columnsOf(a).join('\0') !== columnsOf(b).join('\0')) return false;
  if (a.measure.kind !== 'invalid' || b.measure.kind !== 'invalid') return a.measure.kind !== 'sql' || a.id === b.id;
  // Rules on other sides of the same values, such as a least and a most, are two rules.
  const keys = ({ valid }: { valid: object }) => Object.keys(valid).toSorted().join();
  return keys(a.measure) === keys(b.measure) || a.id === b.id;
}

function columnsOf({ measure }: Check): readonly string[] {
  if (measure.kind === 'duplicates') return measure.columns;
  return 'column' in measure ? [measure.column] : [];
}

function kindOf(strictness: Strictness): ContractChange['kind'] {
  return strictness === 'tighter' || strictness === 'looser' ? strictness : 'changed';
}

function breaksOf(strictness: Strictness): Party[] {
  if (strictness === 'tighter') return ['producers'];
  return strictness === 'looser' ? ['consumers'] : ['producers', 'consumers'];
}

function byName(columns: readonly ContractColumn[]): Map<string, ContractColumn> {
  return new Map(columns.map((column) => [column.name, column]));
}
