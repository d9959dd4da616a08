import type { Contract, ContractTable } from '../domain/contract.js';
import { wantOneOf } from '../spec/issues.js';
import { quoted, type SpecIssue, type SpecPath } from '../spec/path.js';
import { OdcsFindings, type OdcsDocument, type OdcsObject } from './odcs.js';
import { customOf } from './odcs-custom.js';
import { freshnessChecks, type SlaTable } from './odcs-freshness.js';
import { columnNames, odcsTable } from './odcs-table.js';

export interface CompileOptions {
  /** Names of the sources; undefined: every table of the contract is taken by its own name. */
  readonly sources?: readonly string[];
  /** Whether there is a training table beside the sources, which the contract may speak of as `training`. */
  readonly training?: boolean;
}

export interface CompiledOdcs {
  readonly contract: Contract;
  /** What contradicts itself or the spec; with any of these the contract must not be used. */
  readonly problems: readonly SpecIssue[];
  /** What is valid under the standard and not checked here. */
  readonly notes: readonly SpecIssue[];
}

/**
 * Makes our rules of a data contract that is valid under the standard's schema. A schema object is the contract of the
 * source that is named as its `name` or `physicalName`, where case does not matter and `_` is `-`; a property is the
 * column named by its `physicalName`, else by its `name`.
 */
export function compileOdcs(document: OdcsDocument, options: CompileOptions = {}): CompiledOdcs {
  const findings = new OdcsFindings();
  const custom = customOf('contract', document, [], findings);
  const tables: Record<string, ContractTable> = {};
  const named = new Map<string, SlaTable>();
  for (const { object, table, path } of placed(document.schema ?? [], options, findings)) {
    if (Object.hasOwn(tables, table)) {
      findings.problem([...path, 'name'], `found a second table for the source ${quoted(table)}, want one`);
      continue;
    }
    const made = odcsTable(object, table, path, findings);
    tables[table] = made;
    if (options.sources && !options.sources.includes(table) && made.checks.length > 0) {
      findings.note(path, `of the table ${quoted(table)} only columns and roles are compared, with the task`);
    }
    const place = { table, columns: columnNames(object) };
    for (const name of [object.physicalName, object.name]) if (name !== undefined) named.set(name, place);
  }
  const late = freshnessChecks(document, named, custom.freshness ?? 'warn', findings);
  for (const [table, check] of late) {
    const before = tables[table];
    if (before) tables[table] = { ...before, checks: [...before.checks, check] };
  }
  const { id, version } = document;
  const { problems, notes } = findings;
  return { contract: { id, version, tables }, problems, notes };
}

interface Placed {
  readonly object: OdcsObject;
  readonly table: string;
  readonly path: SpecPath;
}

/** Which table of ours each schema object is the contract of. */
function placed(objects: readonly OdcsObject[], options: CompileOptions, findings: OdcsFindings): Placed[] {
  const { sources, training = false } = options;
  const all = objects.map((object, index) => ({ object, path: ['schema', index] as const }));
  if (!sources) return all.map(({ object, path }) => ({ object, path, table: object.name }));
  const known = training ? [...sources, 'training'] : sources;
  const taken: Placed[] = [];
  const others: typeof all = [];
  for (const each of all) {
    const names = new Set([each.object.name, each.object.physicalName ?? each.object.name].map(plain));
    const table = known.find((name) => names.has(name));
    if (table === undefined) others.push(each);
    else taken.push({ ...each, table });
  }
  const open = known.filter((name) => name !== 'training' && !taken.some(({ table }) => table === name));
  for (const { object, path } of others) {
    // A contract may speak of more tables than a model takes; but a source without one was perhaps meant.
    if (open.length > 0) {
      findings.problem(
        [...path, 'name'],
        `found no source ${quoted(object.name)}, ${wantOneOf(plain(object.name), known)}`,
      );
    } else {
      findings.note([...path, 'name'], `the table ${quoted(object.name)} is not checked: no source has its name`);
    }
  }
  if (others.length === 0) {
    for (const name of open)
      findings.note(['schema'], `the source ${quoted(name)} has no table in the contract: nothing of it is checked`);
  }
  return taken;
}

/** Sources have lower-case names with dashes. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}
