import { parse } from 'yaml';
import type { Check, CheckMeasure, ContractColumn, Scalar, Severity, ValidValues } from '../domain/contract.js';
import { wantOneOf } from '../spec/issues.js';
import { described, quoted, type SpecPath } from '../spec/path.js';
import type { OdcsFindings, OdcsQuality } from './odcs.js';
import { expectationOf } from './odcs-operators.js';
import { patternRule } from './odcs-options.js';
import { sqlOf } from './odcs-sql.js';
import { severityOf } from './severity.js';
import { boundProblem, valueProblem } from './values.js';

/** Where a quality rule stands. */
export interface QualityPlace {
  /** Our name of the table. */
  readonly table: string;
  /** Its names in the contract, which queries may use. */
  readonly aliases: readonly string[];
  /** Names of its columns: as the contract names them, and as files do. */
  readonly columns: ReadonlyMap<string, string>;
  /** The column that the rule belongs to; a rule of the table has none. */
  readonly column?: Pick<ContractColumn, 'name' | 'type'>;
  /** What a rule without a severity of its own does. */
  readonly severity: Severity;
}

/** A quality rule as a check, without its id; undefined when there is nothing to check, which `findings` then says. */
export function qualityCheck(
  rule: OdcsQuality,
  place: QualityPlace,
  path: SpecPath,
  findings: OdcsFindings,
): (Omit<Check, 'id'> & { readonly name: string }) | undefined {
  const type = rule.type ?? (rule.metric === undefined ? 'text' : 'library');
  if (type === 'text') {
    findings.note(path, `a rule in words is not checked: ${quoted(rule.description ?? '')}`);
    return undefined;
  }
  if (rule.schedule !== undefined) findings.note([...path, 'schedule'], 'not used: rules are checked on all new data');
  const body = type === 'custom' ? customRule(rule, path, findings) : rule;
  if (!body) return undefined;
  const measured =
    type === 'sql' ? sqlMeasure(rule, place, path, findings) : metricMeasure(body, place, path, findings);
  if (!measured) return undefined;
  const expect = expectationOf(body, path, findings);
  const unit = unitOf(measured, body.unit ?? rule.unit, path, findings);
  if (!expect || !unit) return undefined;
  const severity = ruleSeverity(rule, measured, place, path, findings);
  const { description } = rule;
  const name = rule.id ?? rule.name ?? body.metric ?? type;
  return { name, measure: measured, expect, unit, severity, ...(description === undefined ? {} : { description }) };
}

/** The body of a rule of our own engine: a metric with more arguments than the library has. */
function customRule(rule: OdcsQuality, path: SpecPath, findings: OdcsFindings): OdcsQuality | undefined {
  if (rule.engine?.toLowerCase() !== 'perennial') {
    findings.note(path, `a rule for the engine ${quoted(rule.engine ?? '')} is not run here`);
    return undefined;
  }
  const body: unknown = typeof rule.implementation === 'string' ? fromText(rule.implementation) : rule.implementation;
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as OdcsQuality;
  const message = `found ${described(body)}, want a metric, its arguments and an operator`;
  findings.problem([...path, 'implementation'], message);
  return undefined;
}

function fromText(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return text;
  }
}

function sqlMeasure(
  { query = '' }: OdcsQuality,
  { table, aliases, column }: QualityPlace,
  path: SpecPath,
  findings: OdcsFindings,
): CheckMeasure | undefined {
  const filled = sqlOf(query, { table, aliases, ...(column ? { column: column.name } : {}) });
  if ('query' in filled) return { kind: 'sql', query: filled.query };
  findings.problem([...path, 'query'], `found ${quoted(query)}: ${filled.why}`);
  return undefined;
}

function metricMeasure(
  rule: OdcsQuality,
  place: QualityPlace,
  path: SpecPath,
  findings: OdcsFindings,
): CheckMeasure | undefined {
  const { metric = '', arguments: given = {} } = rule;
  const { column } = place;
  if (metric === 'rowCount') return { kind: 'rowCount' };
  if (metric === 'duplicateValues') {
    const columns = duplicateColumns(given['properties'], place, [...path, 'arguments', 'properties'], findings);
    return columns.length > 0 ? { kind: 'duplicates', columns } : undefined;
  }
  if (!['nullValues', 'missingValues', 'invalidValues', 'distinctValues'].includes(metric)) {
    findings.problem([...path, 'metric'], `found ${described(rule.metric)}, ${wantOneOf(metric, METRICS)}`);
    return undefined;
  }
  if (!column) {
    findings.problem([...path, 'metric'], `found ${metric} in a rule of a table, want it in a property of the table`);
    return undefined;
  }
  const { name } = column;
  if (metric === 'nullValues') return { kind: 'nulls', column: name };
  if (metric === 'distinctValues') return { kind: 'distinct', column: name };
  const at = [...path, 'arguments'];
  if (metric === 'missingValues') {
    const missing = scalars(given['missingValues'] ?? [''], [...at, 'missingValues'], findings);
    return { kind: 'nulls', column: name, ...(missing.length > 0 ? { missing } : {}) };
  }
  const valid = validValues(given, column, at, findings);
  return Object.keys(valid).length > 0 ? { kind: 'invalid', column: name, valid } : undefined;
}

const METRICS = [
  'nullValues',
  'missingValues',
  'invalidValues',
  'duplicateValues',
  'rowCount',
  // Ours, in rules of `engine: perennial`.
  'distinctValues',
];

function duplicateColumns(given: unknown, place: QualityPlace, at: SpecPath, findings: OdcsFindings): string[] {
  if (!Array.isArray(given)) return place.column ? [place.column.name] : [...place.columns.values()];
  return given.flatMap((property: unknown, index) => {
    const column = typeof property === 'string' ? place.columns.get(property) : undefined;
    if (column !== undefined) return [column];
    const known = [...place.columns.keys()];
    findings.problem([...at, index], `found no property ${described(property)}, ${wantOneOf(property, known)}`);
    return [];
  });
}

/** Arguments of `invalidValues`: the standard's two, and with our own engine bounds and lengths. */
function validValues(
  given: Readonly<Record<string, unknown>>,
  { type }: Pick<ContractColumn, 'type'>,
  at: SpecPath,
  findings: OdcsFindings,
): ValidValues {
  const valid: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const here = [...at, key];
    const bound = BOUNDS.get(key);
    if (bound !== undefined) {
      const want = boundProblem(type ?? (typeof value === 'string' ? 'string' : 'number'), value);
      if (want === undefined) valid[bound] = value;
      else findings.problem(here, `found ${described(value)}, want ${want}`);
    } else if (key === 'validValues') {
      const values = scalars(value, here, findings);
      const wrong = values.findIndex((each) => type !== undefined && valueProblem(type, each) !== undefined);
      if (type !== undefined && wrong >= 0) {
        const [found = ''] = values.slice(wrong);
        findings.problem(here, `found ${described(found)}, want ${valueProblem(type, found)}`);
      }
      valid['values'] = values;
    } else if (key === 'pattern' && typeof value === 'string') {
      Object.assign(valid, ...patternRule(value, here, findings).map(([, each]) => each));
    } else if ((key === 'minLength' || key === 'maxLength' || key === 'multipleOf') && typeof value === 'number') {
      valid[key] = value;
    } else if (key === 'finite' && value === true) {
      valid[key] = true;
    } else {
      findings.problem(here, `found ${key} with ${described(value)}, want ${ARGUMENTS}`);
    }
  }
  if (Object.keys(given).length === 0) findings.problem(at, `found no arguments, want ${ARGUMENTS}`);
  return valid;
}

const ARGUMENTS = 'validValues (a list) or pattern (text)';
const BOUNDS: ReadonlyMap<string, string> = new Map([
  ['minimum', 'min'],
  ['maximum', 'max'],
  ['exclusiveMinimum', 'exclusiveMin'],
  ['exclusiveMaximum', 'exclusiveMax'],
]);

/** The plain values of a list. Null among them is what is empty anyway. */
function scalars(given: unknown, at: SpecPath, findings: OdcsFindings): Scalar[] {
  if (!Array.isArray(given)) {
    findings.problem(at, `found ${described(given)}, want a list of values`);
    return [];
  }
  return given.flatMap((value: unknown, index) => {
    if (value === null) return [];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return [value];
    findings.problem([...at, index], `found ${described(value)}, want text, a number, true or false`);
    return [];
  });
}

function unitOf(
  { kind }: CheckMeasure,
  unit: string | undefined,
  path: SpecPath,
  findings: OdcsFindings,
): Check['unit'] | undefined {
  // The number of a query is compared as it is, whatever it counts.
  if (kind === 'sql' || unit === undefined || unit === 'rows') return 'rows';
  if (unit !== 'percent' && unit !== '%') {
    findings.note([...path, 'unit'], `a rule in ${quoted(unit)} is not checked: known are rows and percent`);
    return undefined;
  }
  if (kind !== 'rowCount' && kind !== 'distinct') return 'percent';
  findings.problem(
    [...path, 'unit'],
    `found percent of a count of ${kind === 'rowCount' ? 'rows' : 'values'}, want rows`,
  );
  return undefined;
}

function ruleSeverity(
  { severity: word }: OdcsQuality,
  { kind }: CheckMeasure,
  place: QualityPlace,
  path: SpecPath,
  findings: OdcsFindings,
): Severity {
  const given = word === undefined ? place.severity : severityOf(word);
  const at = [...path, 'severity'];
  if (given === undefined) findings.note(at, `the severity ${quoted(word ?? '')} is not known here: the rule blocks`);
  if (given !== 'quarantine' || ['nulls', 'invalid', 'duplicates'].includes(kind)) return given ?? 'block';
  if (word !== undefined) findings.note(at, 'no single row breaks this rule, so none can be set aside: it blocks');
  return 'block';
}
