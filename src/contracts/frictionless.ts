import type { OdcsDocument, OdcsObject, OdcsProperty, OdcsQuality } from './odcs.js';

/** A field of a Table Schema, version 1 or 2, as far as we know it. */
export interface FrictionlessField extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly type?: string;
  readonly format?: string;
  readonly title?: string;
  readonly description?: string;
  readonly constraints?: Readonly<Record<string, unknown>>;
}

/** A Frictionless Table Schema, version 1 or 2. */
export interface TableSchema extends Readonly<Record<string, unknown>> {
  readonly fields: readonly FrictionlessField[];
  readonly primaryKey?: string | readonly string[];
  readonly uniqueKeys?: readonly (string | readonly string[])[];
}

/** What came out, and what could not be carried over, a sentence each. */
export interface Carried<T> {
  readonly value: T;
  readonly losses: readonly string[];
}

/** Makes a schema object of a data contract from a Frictionless Table Schema. */
export function fromFrictionless(schema: TableSchema, table: string): Carried<OdcsObject> {
  const losses: string[] = [];
  const key = [schema.primaryKey ?? []].flat();
  const properties = schema.fields.map((field) => propertyOf(field, key.indexOf(field.name) + 1, losses));
  const quality = (schema.uniqueKeys ?? []).map((columns): OdcsQuality => {
    return { metric: 'duplicateValues', arguments: { properties: [columns].flat() }, mustBe: 0 };
  });
  for (const name of key) {
    if (!properties.some((property) => property.name === name))
      losses.push(`the primary key names "${name}", which is no field`);
  }
  for (const [name, value] of Object.entries(schema)) {
    // An empty text is missing to the reader of a contract as well.
    const isUsual = name === 'missingValues' && JSON.stringify(value) === '[""]';
    if (!SCHEMA_KEYS.has(name) && !isUsual) losses.push(`${name} of the schema`);
  }
  return { value: { name: table, ...(quality.length > 0 ? { quality } : {}), properties }, losses };
}

const SCHEMA_KEYS = new Set(['$schema', 'fields', 'primaryKey', 'uniqueKeys']);
/** Types that both standards have, by their Frictionless names. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'integer',
  boolean: 'boolean',
  date: 'date',
  datetime: 'timestamp',
  time: 'time',
  object: 'object',
  array: 'array',
};
const TEXT_FORMATS = new Set(['email', 'uri', 'uuid', 'binary']);
const FIELD_KEYS = new Set(['name', 'type', 'format', 'title', 'description', 'constraints', 'example', 'examples']);
/** Constraints that are options of the type in a contract, by their Frictionless names. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  minLength: ['string'],
  maxLength: ['string'],
  pattern: ['string'],
  minimum: ['integer', 'number', 'date', 'timestamp', 'time'],
  maximum: ['integer', 'number', 'date', 'timestamp', 'time'],
  exclusiveMinimum: ['integer', 'number', 'date', 'timestamp', 'time'],
  exclusiveMaximum: ['integer', 'number', 'date', 'timestamp', 'time'],
};

function propertyOf(field: FrictionlessField, keyPosition: number, losses: string[]): OdcsProperty {
  const { name, type = 'any', format = 'default', constraints = {} } = field;
  const at = `field "${name}"`;
  const logicalType = TYPES[type];
  if (logicalType === undefined && type !== 'any') losses.push(`${at}: the type ${type}`);
  const options: Record<string, unknown> = {};
  if (format !== 'default') {
    if (logicalType === 'string' && TEXT_FORMATS.has(format)) options['format'] = format;
    else losses.push(`${at}: the format ${format}`);
  }
  const quality: OdcsQuality[] = [];
  for (const [rule, value] of Object.entries(constraints)) {
    if (rule === 'required' || rule === 'unique') continue;
    if (rule === 'enum' && Array.isArray(value)) {
      quality.push({ metric: 'invalidValues', arguments: { validValues: value }, mustBe: 0 });
    } else if (logicalType !== undefined && OPTIONS[rule]?.includes(logicalType) === true) {
      options[rule] = rule === 'pattern' ? anchored(String(value)) : value;
    } else {
      losses.push(`${at}: the constraint ${rule}`);
    }
  }
  for (const key of Object.keys(field)) if (!FIELD_KEYS.has(key)) losses.push(`${at}: ${key}`);
  const examples = field['examples'] ?? (field['example'] === undefined ? undefined : [field['example']]);
  return {
    name,
    ...(field.title === undefined ? {} : { businessName: field.title }),
    ...(field.description === undefined ? {} : { description: field.description }),
    ...(logicalType === undefined ? {} : { logicalType }),
    ...(Object.keys(options).length > 0 ? { logicalTypeOptions: options } : {}),
    ...(constraints['required'] === true ? { required: true } : {}),
    ...(constraints['unique'] === true ? { unique: true } : {}),
    ...(keyPosition > 0 ? { primaryKey: true, primaryKeyPosition: keyPosition } : {}),
    ...(examples === undefined ? {} : { examples }),
    ...(quality.length > 0 ? { quality } : {}),
  };
}

/** A schema's pattern is for the whole text, a contract's for some place in it. */
function anchored(pattern: string): string {
  return pattern.includes('|') ? `^(?:${pattern})$` : `^${pattern}$`;
}

/** A whole contract of the imported tables. */
export function contractOfTables(objects: readonly OdcsObject[], name: string): OdcsDocument & Record<string, unknown> {
  return {
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: name,
    name,
    version: '0.1.0',
    status: 'draft',
    schema: objects,
  };
}
