import { Document, Scalar, isScalar, type YAMLMap, type YAMLSeq } from 'yaml';
import type { ColumnProfile, TableProfile } from '../domain/profile.js';

/** What was seen of a file that a first contract is written from. */
export interface Seen {
  readonly profile: TableProfile;
  /** Columns of which no value comes twice, and none is empty. */
  readonly unique: ReadonlySet<string>;
  /** How messages name the file. */
  readonly file: string;
}

/**
 * A first contract for a table from one file of it, as YAML with a comment behind every guess. It holds for the file it
 * came from, and is meant to be read and corrected: bounds get room, shares of empty rows are doubled, text with few
 * values becomes a list, a key and the event time are guessed by content and name.
 */
export function inferContract(table: string, { profile, unique, file }: Seen): string {
  const document = new Document({
    apiVersion: 'v3.1.0',
    kind: 'DataContract',
    id: table,
    name: table,
    version: '0.1.0',
    status: 'draft',
    schema: [{ name: table, quality: [], properties: [] }],
  });
  document.commentBefore =
    ` A first contract, guessed from ${file} (${profile.rows} rows). Read it, correct it, and take the comments out:\n` +
    ' what stands here is what every new file must keep.';
  const at = document.getIn(['schema', 0]) as YAMLMap;
  const least = Math.max(1, Math.floor(profile.rows / 2));
  const rows = document.createNode({ metric: 'rowCount', mustBeGreaterOrEqualTo: least }) as YAMLMap;
  told(rows, 'mustBeGreaterOrEqualTo', `half of the ${profile.rows} rows of this file`);
  (at.get('quality') as YAMLSeq).add(rows);
  const time = eventTimeOf(profile.columns);
  const key = keyOf(profile.columns, unique);
  for (const column of profile.columns) {
    const property = propertyOf(document, column, profile.rows);
    if (unique.has(column.name)) {
      put(property, 'unique', 'no value comes twice');
    }
    if (column.name === key) {
      put(property, 'primaryKey', 'the first column without a double whose name says so');
    }
    const role = column.name === time ? 'eventTime' : column.name === key ? 'id' : undefined;
    if (role !== undefined) {
      property.set('customProperties', document.createNode([{ property: 'perennial.role', value: role }]));
      const [entry] = (property.get('customProperties') as YAMLSeq<YAMLMap>).items;
      if (entry && role === 'eventTime') told(entry, 'value', 'when the row happened, it seems');
    }
    (at.get('properties') as YAMLSeq).add(property);
  }
  return document.toString({ lineWidth: 120 });
}

function propertyOf(document: Document, column: ColumnProfile, rows: number): YAMLMap {
  const { name, type, nulls, numbers } = column;
  const property = document.createNode({ name }) as YAMLMap;
  const empty = nulls + (numbers?.nans ?? 0);
  if (type === 'other' || empty === rows)
    told(property, 'name', empty === rows ? 'empty in every row' : 'a type of its own');
  else property.set('logicalType', type);
  const quality: unknown[] = [];
  const options = optionsOf(document, column);
  if (options) property.set('logicalTypeOptions', options);
  if (empty === 0) {
    put(property, 'required', 'never empty here');
  }
  const values = valuesOf(column, rows);
  if (values) quality.push({ metric: 'invalidValues', arguments: { validValues: values }, mustBe: 0 });
  if (empty > 0 && empty < rows) {
    const most = Math.min(100, Math.ceil((200 * empty) / rows));
    quality.push({ metric: 'nullValues', mustBeLessOrEqualTo: most, unit: 'percent' });
  }
  if (quality.length === 0) return property;
  const list = document.createNode(quality) as YAMLSeq<YAMLMap>;
  for (const rule of list.items) {
    if (rule.get('metric') === 'nullValues') {
      told(rule, 'mustBeLessOrEqualTo', `empty in ${empty} of ${rows} rows, doubled`);
    } else {
      const all = rule.getIn(['arguments', 'validValues']) as YAMLSeq;
      all.flow = true;
      told(rule, 'mustBe', `only ${values?.length} values in ${rows} rows`);
    }
  }
  property.set('quality', list);
  return property;
}

/** Bounds for numbers, with room: what never was negative stays so, shares stay shares. */
function optionsOf(document: Document, { type, numbers }: ColumnProfile): YAMLMap | undefined {
  if ((type !== 'integer' && type !== 'number') || numbers?.min === undefined || numbers.max === undefined)
    return undefined;
  const { min, max } = numbers;
  if (min === max) return undefined;
  const isShare = type === 'number' && min >= 0 && max <= 1;
  const low = min >= 0 ? 0 : -room(-min);
  const high = isShare ? 1 : max <= 0 ? 0 : room(max);
  if (!Number.isSafeInteger(Math.trunc(low)) || !Number.isSafeInteger(Math.trunc(high))) return undefined;
  const options = document.createNode({ minimum: low, maximum: high }) as YAMLMap;
  told(options, 'minimum', `least here: ${min}`);
  told(options, 'maximum', `most here: ${max}`);
  return options;
}

/** The next of 1, 2, 5, 10, 20 ... that is at least twice as much. */
function room(value: number): number {
  const twice = 2 * value;
  const power = 10 ** Math.floor(Math.log10(twice));
  const step = [1, 2, 5, 10].find((each) => each * power >= twice) ?? 10;
  return Number((step * power).toPrecision(12));
}

/** All values of a text column that has few of them, over and over. */
function valuesOf({ type, top = [], nulls }: ColumnProfile, rows: number): string[] | undefined {
  if (type !== 'string' || top.length === 0 || top.length > 20) return undefined;
  const counted = top.reduce((sum, { count }) => sum + count, 0);
  const isAll = counted === rows - nulls;
  return isAll && counted >= 10 * top.length ? top.map(({ value }) => value).toSorted() : undefined;
}

function eventTimeOf(columns: readonly ColumnProfile[]): string | undefined {
  const times = columns.filter(({ type, nulls }) => (type === 'timestamp' || type === 'date') && nulls === 0);
  const named = times.find(({ name }) => /(^|_)(time|timestamp|ts|at|date|when|created|occurred)($|_)/i.test(name));
  return (named ?? times[0])?.name;
}

function keyOf(columns: readonly ColumnProfile[], unique: ReadonlySet<string>): string | undefined {
  const named = columns.find(({ name }) => unique.has(name) && /(^|_)(id|key|uuid|guid|no|number)$/i.test(name));
  return named?.name;
}

/** Sets a key to true, with why. */
function put(map: YAMLMap, key: string, comment: string): void {
  const value = new Scalar(true);
  value.comment = ` ${comment}`;
  map.set(key, value);
}

/** Puts a comment behind a value that is there. */
function told(map: YAMLMap, key: string, comment: string): void {
  const value: unknown = map.get(key, true);
  if (isScalar(value)) value.comment = ` ${comment}`;
}
