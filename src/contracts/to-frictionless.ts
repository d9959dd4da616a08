import { columnName } from './odcs-table.js';
import type { Carried, FrictionlessField, TableSchema } from './frictionless.js';
import type { OdcsObject, OdcsProperty, OdcsQuality } from './odcs.js';

/**
 * Makes a Frictionless Table Schema of a schema object of a data contract: version 1, as every tool reads it, and version 2
 * only where the contract asks for what version 1 has not (bounds that are not included, unique keys).
 */
export function toFrictionless(object: OdcsObject): Carried<TableSchema> {
  const losses: string[] = [];
  const properties = object.properties ?? [];
  const fields = properties.map((property) => fieldOf(property, losses));
  const key = properties
    .filter(({ primaryKey }) => primaryKey === true)
    .toSorted((a, b) => (a.primaryKeyPosition ?? -1) - (b.primaryKeyPosition ?? -1))
    .map(columnName);
  const names = new Map(properties.map((property) => [property.name, columnName(property)]));
  const uniqueKeys: string[][] = [];
  for (const rule of object.quality ?? []) {
    const columns = rule.arguments?.['properties'];
    if (rule.metric === 'duplicateValues' && isStrict(rule) && Array.isArray(columns)) {
      uniqueKeys.push(columns.map((column) => names.get(String(column)) ?? String(column)));
    } else {
      losses.push(`the table's rule ${ruleName(rule)}`);
    }
  }
  tellOthers(object, OBJECT_KEYS, 'the table', losses);
  const isNew =
    uniqueKeys.length > 0 ||
    fields.some(({ constraints = {} }) => 'exclusiveMinimum' in constraints || 'exclusiveMaximum' in constraints);
  const value = {
    ...(isNew ? { $schema: 'https://datapackage.org/profiles/2.0/tableschema.json' } : {}),
    fields,
    ...(key.length > 0 ? { primaryKey: key } : {}),
    ...(uniqueKeys.length > 0 ? { uniqueKeys } : {}),
  };
  return { value, losses };
}

const OBJECT_KEYS = new Set(['id', 'name', 'physicalName', 'physicalType', 'logicalType', 'properties', 'quality']);
const PROPERTY_KEYS = new Set(
  'id name physicalName physicalType logicalType logicalTypeOptions required unique primaryKey primaryKeyPosition'
    .concat(' businessName description examples quality')
    .split(' '),
);
const TYPES: Readonly<Record<string, string>> = { timestamp: 'datetime' };
const TEXT_FORMATS = new Set(['email', 'uri', 'uuid', 'binary']);

function fieldOf(property: OdcsProperty, losses: string[]): FrictionlessField {
  const name = columnName(property);
  const at = `column "${name}"`;
  const { logicalType, logicalTypeOptions = {} } = property;
  const constraints: Record<string, unknown> = {};
  if (property.required === true) constraints['required'] = true;
  if (property.unique === true) constraints['unique'] = true;
  let format: string | undefined;
  for (const [option, value] of Object.entries(logicalTypeOptions)) {
    if (option === 'pattern') constraints[option] = wholePattern(String(value));
    else if (CONSTRAINTS.has(option)) constraints[option] = value;
    else if (option === 'format' && logicalType === 'string' && TEXT_FORMATS.has(String(value))) format = String(value);
    else losses.push(`${at}: the option ${option}`);
  }
  for (const rule of property.quality ?? []) {
    const values = rule.arguments?.['validValues'];
    if (rule.metric === 'invalidValues' && isStrict(rule) && Array.isArray(values) && !('enum' in constraints)) {
      constraints['enum'] = values.filter((value) => value !== null);
    } else {
      losses.push(`${at}: the rule ${ruleName(rule)}`);
    }
  }
  tellOthers(property, PROPERTY_KEYS, at, losses);
  const { businessName, description, examples } = property as OdcsProperty & Record<string, unknown>;
  const example = Array.isArray(examples) ? (examples as unknown[])[0] : undefined;
  if (Array.isArray(examples) && examples.length > 1) losses.push(`${at}: all examples but the first`);
  return {
    name,
    type: logicalType === undefined ? 'any' : (TYPES[logicalType] ?? logicalType),
    ...(format === undefined ? {} : { format }),
    ...(typeof businessName === 'string' ? { title: businessName } : {}),
    ...(typeof description === 'string' ? { description } : {}),
    ...(example === undefined ? {} : { example }),
    ...(Object.keys(constraints).length > 0 ? { constraints } : {}),
  };
}

const CONSTRAINTS = new Set(['minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum']);

/** A contract's pattern is for some place in the text, a schema's for the whole of it. */
function wholePattern(pattern: string): string {
  const inside = /^\^(?:\(\?:(.*)\)|([^|]*))\$$/s.exec(pattern);
  return inside?.[1] ?? inside?.[2] ?? `.*(?:${pattern}).*`;
}

/** No row at all may break it, and breaking it stops everything: all that a schema can say. */
function isStrict(rule: OdcsQuality): boolean {
  const { mustBe, severity = 'error' } = rule as OdcsQuality & { readonly mustBe?: unknown };
  return mustBe === 0 && severity === 'error';
}

function ruleName(rule: OdcsQuality): string {
  return rule.id ?? rule.name ?? rule.metric ?? rule.type ?? 'without a name';
}

function tellOthers(element: object, known: ReadonlySet<string>, at: string, losses: string[]): void {
  for (const [key, value] of Object.entries(element)) {
    const isEmpty = value === null || value === false || (Array.isArray(value) && value.length === 0);
    if (!known.has(key) && !isEmpty) losses.push(`${at}: ${key}`);
  }
}
