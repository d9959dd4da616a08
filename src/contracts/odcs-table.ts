import type { Check, CheckMeasure, ContractColumn, ContractTable, Severity } from '../domain/contract.js';
import { quoted, type SpecPath } from '../spec/path.js';
import type { OdcsFindings, OdcsObject, OdcsProperty } from './odcs.js';
import { customOf, type OdcsCustom } from './odcs-custom.js';
import { optionRules } from './odcs-options.js';
import { qualityCheck, type QualityPlace } from './odcs-quality.js';

/** The name of a column in files. */
export function columnName({ name, physicalName }: OdcsProperty): string {
  return physicalName ?? name;
}

/** Columns by the names that the contract has for them. */
export function columnNames({ properties = [] }: OdcsObject): Map<string, string> {
  // Logical names last: they are what the rules of a contract speak of.
  const physical = properties.map((property) => [columnName(property), columnName(property)] as const);
  return new Map([...physical, ...properties.map((property) => [property.name, columnName(property)] as const)]);
}

/** One schema object as the contract of the table that is kept by the name `table`. */
export function odcsTable(object: OdcsObject, table: string, path: SpecPath, findings: OdcsFindings): ContractTable {
  const custom = customOf('table', object, path, findings);
  const severity = custom.severity ?? 'block';
  const columns: ContractColumn[] = [];
  const checks: Check[] = [];
  const add = (check: Check) => checks.push({ ...check, id: freeId(check.id, checks) });
  const place = { table, aliases: [...new Set([object.name, object.physicalName ?? object.name])], severity };
  const named = columnNames(object);
  for (const [index, rule] of (object.quality ?? []).entries()) {
    addQuality(rule, { ...place, columns: named }, [...path, 'quality', index], '', add, findings);
  }
  if (object.relationships?.length) findings.note([...path, 'relationships'], 'relationships are not checked');
  const properties = (object.properties ?? []).map((property, index) => {
    const at = [...path, 'properties', index];
    return { property, at, custom: customOf('column', property, at, findings) };
  });
  const key = keyColumns(object);
  for (const { property, at, custom: own } of properties) {
    const column = columnOf(property, own, own.severity ?? severity, at, findings);
    if (columns.some(({ name }) => name.toLowerCase() === column.name.toLowerCase())) {
      findings.problem([...at, 'name'], `found the column ${quoted(column.name)} a second time, want it once`);
      continue;
    }
    columns.push(column);
    const before = checks.length;
    for (const [index, rule] of (property.quality ?? []).entries()) {
      const where = { ...place, columns: named, column, severity: column.severity };
      addQuality(rule, where, [...at, 'quality', index], `${column.name}/`, add, findings);
    }
    // What a rule asks in so many words needs no second finding.
    const asked = new Set(checks.slice(before).map(question));
    for (const check of impliedChecks(property, column, key.includes(column.name), at, findings)) {
      if (!asked.has(question(check))) add(check);
    }
  }
  if (key.length > 0) add(count('primaryKey', { kind: 'duplicates', columns: key }, severity));
  return { columns, ...(custom.otherColumns ? { otherColumns: custom.otherColumns } : {}), checks };
}

/** Columns of the primary key, in its order. */
function keyColumns({ properties = [] }: OdcsObject): string[] {
  return properties
    .filter(({ primaryKey }) => primaryKey === true)
    .toSorted((a, b) => (a.primaryKeyPosition ?? -1) - (b.primaryKeyPosition ?? -1))
    .map(columnName);
}

function columnOf(
  property: OdcsProperty,
  { roles, optional }: OdcsCustom,
  severity: Severity,
  at: SpecPath,
  findings: OdcsFindings,
): ContractColumn {
  const { logicalType, physicalType } = property;
  const type = TYPES.find((each) => each === logicalType);
  if (logicalType !== undefined && type === undefined) {
    const inside = property.properties || property.items ? ', nor what is inside' : '';
    findings.note(
      [...at, 'logicalType'],
      `a column of type ${logicalType} is only looked for; its type is not checked${inside}`,
    );
  } else if (logicalType === undefined && physicalType !== undefined) {
    findings.note([...at, 'physicalType'], `the type of the column is not checked: it has no logicalType`);
  }
  if (property.relationships?.length) findings.note([...at, 'relationships'], 'relationships are not checked');
  if (roles.includes('feature') && roles.some((role) => role === 'label' || role === 'sensitive')) {
    const message = `found the roles ${roles.join(' and ')}, want a feature to be neither the label nor sensitive`;
    findings.problem([...at, 'customProperties'], message);
  }
  return { name: columnName(property), ...(type ? { type } : {}), required: !optional, roles, severity };
}

const TYPES = ['string', 'integer', 'number', 'boolean', 'timestamp', 'date'] as const;

/** What the keys of a property ask without a quality rule. */
function impliedChecks(
  property: OdcsProperty,
  { name, type, severity }: ContractColumn,
  isKey: boolean,
  at: SpecPath,
  findings: OdcsFindings,
): Check[] {
  const checks: Check[] = [];
  if (property.required === true || isKey)
    checks.push(count(`${name}/nulls`, { kind: 'nulls', column: name }, severity));
  if (property.unique === true) checks.push(count(`${name}/unique`, { kind: 'duplicates', columns: [name] }, severity));
  for (const [rule, valid] of optionRules(property, type, at, findings)) {
    checks.push(count(`${name}/${rule}`, { kind: 'invalid', column: name, valid }, severity));
  }
  return checks;
}

function question({ measure, expect, unit }: Check): string {
  return JSON.stringify([measure, expect, unit]);
}

/** No row may break it. */
function count(id: string, measure: CheckMeasure, severity: Severity): Check {
  return { id, measure, expect: { operator: 'mustBe', value: 0 }, unit: 'rows', severity };
}

function addQuality(
  rule: Parameters<typeof qualityCheck>[0],
  place: QualityPlace,
  path: SpecPath,
  prefix: string,
  add: (check: Check) => void,
  findings: OdcsFindings,
): void {
  const made = qualityCheck(rule, place, path, findings);
  if (!made) return;
  const { name, ...check } = made;
  add({ id: `${prefix}${name}`, ...check });
}

function freeId(id: string, checks: readonly Check[]): string {
  const taken = new Set(checks.map((check) => check.id));
  let free = id;
  for (let number = 2; taken.has(free); number += 1) free = `${id}-${number}`;
  return free;
}
