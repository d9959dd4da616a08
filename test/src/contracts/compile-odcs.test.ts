import { expect, test } from 'vitest';
import { compileOdcs, type CompileOptions } from '../../../src/contracts/compile-odcs.js';
import { checkOdcs } from '../../../src/contracts/odcs-schema.js';
import { noteLines } from '../../../src/contracts/note-lines.js';
import { pathText } from '../../../src/spec/path.js';
import { odcs } from './odcs-example.js';

const SOURCES: CompileOptions = { sources: ['web-orders'] };

test('the example is valid under the standard and has no problems', async () => {
  expect(await checkOdcs(odcs())).toStrictEqual([]);
  expect(compileOdcs(odcs(), SOURCES).problems).toStrictEqual([]);
});

test('a contract file becomes columns and checks of the source that is named alike', () => {
  const { contract } = compileOdcs(odcs(), SOURCES);
  expect({ id: contract.id, version: contract.version }).toStrictEqual({ id: 'shop', version: '1.2.0' });
  const table = contract.tables['web-orders'];
  expect(table?.otherColumns).toBe('warn');
  expect(
    table?.columns.map(({ name, type, required, roles, severity }) => [name, type, required, roles, severity]),
  ).toEqual([
    ['order_id', 'string', true, ['id'], 'block'],
    ['line', 'integer', true, [], 'block'],
    ['price', 'number', true, ['feature', 'slice'], 'block'],
    ['channel', 'string', false, [], 'warn'],
    ['at', 'timestamp', true, [], 'block'],
    ['returned', 'boolean', true, [], 'block'],
  ]);
  const shown = table?.checks.map(({ id, measure: { kind }, expect: { operator, value }, unit, severity }) =>
    [id, kind, operator, String(value), unit, severity].join(' '),
  );
  expect(shown).toEqual([
    'enough rowCount mustBeBetween 10,5000 rows warn',
    'duplicateValues duplicates mustBeLessThan 1 percent block',
    'order_id/nulls nulls mustBe 0 rows block',
    'order_id/pattern invalid mustBe 0 rows block',
    'order_id/maxLength invalid mustBe 0 rows block',
    'line/nulls nulls mustBe 0 rows block',
    'line/min invalid mustBe 0 rows block',
    'line/format invalid mustBe 0 rows block',
    'price/known nulls mustBeLessOrEqualTo 5 percent quarantine',
    'price/sql sql mustBeLessThan 100 rows block',
    'price/exclusiveMin invalid mustBe 0 rows block',
    'price/multipleOf invalid mustBe 0 rows block',
    'channel/invalidValues invalid mustBe 0 rows quarantine',
    'channel/missingValues nulls mustBe 0 rows warn',
    'at/nulls nulls mustBe 0 rows block',
    'at/min invalid mustBe 0 rows block',
    'returned/nulls nulls mustBe 0 rows block',
    'primaryKey duplicates mustBe 0 rows block',
    'at/freshness age mustBeLessOrEqualTo 172800 rows warn',
  ]);
});

test('names of the contract are turned into names of columns, and placeholders into both', () => {
  const checks = new Map(
    compileOdcs(odcs(), SOURCES).contract.tables['web-orders']?.checks.map((each) => [each.id, each]),
  );
  expect(checks.get('duplicateValues')?.measure).toMatchObject({ columns: ['order_id', 'line'] });
  expect(checks.get('primaryKey')?.measure).toMatchObject({ columns: ['order_id', 'line'] });
  expect(checks.get('line/format')?.measure).toMatchObject({ valid: { min: 0, max: 255 } });
  expect(checks.get('channel/missingValues')?.measure).toMatchObject({ missing: ['', 'n/a'] });
  expect(checks.get('channel/invalidValues')?.measure).toMatchObject({ valid: { values: ['web', 'app'] } });
  expect(checks.get('price/sql')).toMatchObject({
    description: 'Not dear',
    measure: {
      query:
        'WITH "Web_Orders" AS (SELECT * FROM "web-orders"), "web_orders_v2" AS (SELECT * FROM "web-orders") ' +
        'SELECT * FROM (SELECT avg("price") FROM "web-orders"\n)',
    },
  });
});

test('what is not checked is told, the same of several places once', () => {
  const { notes } = compileOdcs(odcs(), SOURCES);
  expect(noteLines(notes)).toStrictEqual(['of service levels only latency is checked (slaProperties[1])']);
  const place = { path: ['a', 0], message: 'x' };
  expect(noteLines([place, place, place, place, { path: ['b'], message: 'y' }])).toStrictEqual([
    'x (a[0], a[0], a[0] and 1 more)',
    'y (b)',
  ]);
});

test.each([
  ['a rule in words', '- { type: text, description: Good data }', 'a rule in words is not checked: "Good data"'],
  [
    'a rule of another engine',
    '- { type: custom, engine: soda, implementation: x }',
    'a rule for the engine "soda" is not run here',
  ],
  [
    'an unknown severity',
    '- { metric: nullValues, mustBe: 0, severity: purple }',
    'the severity "purple" is not known here: the rule blocks',
  ],
  [
    'another unit',
    '- { metric: nullValues, mustBe: 0, unit: stones }',
    'a rule in "stones" is not checked: known are rows and percent',
  ],
  [
    'a schedule',
    '- { metric: nullValues, mustBe: 0, schedule: "0 1 * * *" }',
    'not used: rules are checked on all new data',
  ],
  [
    'a pattern that looks ahead',
    "- { metric: invalidValues, mustBe: 0, arguments: { pattern: '(?=x)y' } }",
    'the pattern "(?=x)y" is not checked: it needs looking ahead or back',
  ],
  [
    'rows to set aside that no row breaks',
    '- { type: sql, query: SELECT 1, mustBe: 1, severity: quarantine }',
    'no single row breaks this rule, so none can be set aside: it blocks',
  ],
])('%s is valid, and told as not checked', async (_, rule, note) => {
  const document = odcs('- { id: known,', `${rule}\n          - { id: known,`);
  expect(await checkOdcs(document)).toStrictEqual([]);
  const { problems, notes } = compileOdcs(document, SOURCES);
  expect(problems).toStrictEqual([]);
  expect(notes.map(({ message }) => message)).toContain(note);
});

test.each([
  ['time', 'a column of type time is only looked for; its type is not checked'],
  ['array', 'a column of type array is only looked for; its type is not checked'],
])('a column of type %s is looked for and no more', (type, note) => {
  const document = odcs('logicalType: boolean', `logicalType: ${type}`);
  const { contract, notes } = compileOdcs(document, SOURCES);
  expect(contract.tables['web-orders']?.columns.at(-1)).not.toHaveProperty('type');
  expect(notes.map(({ message }) => message)).toContain(note);
});

test.each([
  [
    '- { id: enough, metric: rowCount',
    '- { id: enough, unit: percent, metric: rowCount',
    'schema[0].quality[0].unit',
    'found percent of a count of rows, want rows',
  ],
  [
    '[order, line]',
    '[ordr, line]',
    'schema[0].quality[1].arguments.properties[0]',
    'found no property "ordr", want one of order_id, line, price, channel, at, returned, order; did you mean "order"?',
  ],
  [
    'metric: nullValues, mustBeLessOrEqualTo: 5',
    'metric: nullValues, mustBeBetween: [5, 1]',
    'schema[0].properties[2].quality[0].mustBeBetween',
    'found a list of 2, want two numbers, the smaller first',
  ],
  ['mustBeLessThan: 100', 'mustBe: many', 'schema[0].properties[2].quality[1].mustBe', 'found "many", want a number'],
  [
    "'SELECT avg({property}) FROM {object};'",
    'DROP TABLE x',
    'schema[0].properties[2].quality[1].query',
    'found "DROP TABLE x": want one SELECT',
  ],
  [
    '[web, app, null]',
    '[web, 3]',
    'schema[0].properties[3].quality[0].arguments.validValues',
    'found 3, want text (in quotes), as the column is of type string',
  ],
  [
    '[web, app, null]',
    '[web, [app]]',
    'schema[0].properties[3].quality[0].arguments.validValues[1]',
    'found a list of 1, want text, a number, true or false',
  ],
  [
    'validValues: [web, app, null]',
    'values: [web]',
    'schema[0].properties[3].quality[0].arguments.values',
    'found values with a list of 1, want validValues (a list) or pattern (text)',
  ],
  [
    "'^[A-Z]{2}[0-9]+$'",
    "'[A-Z'",
    'schema[0].properties[0].logicalTypeOptions.pattern',
    'found "[A-Z", want a regular expression',
  ],
  [
    'minimum: 1, format: u8',
    'minimum: 9, maximum: 3',
    'schema[0].properties[1].logicalTypeOptions',
    'found the minimum 9 over the maximum 3, want it below',
  ],
  [
    "minimum: '2020-01-01'",
    'minimum: last year',
    'schema[0].properties[4].logicalTypeOptions.minimum',
    'found "last year", want ISO time as text, such as "2026-01-31", as the column is of type timestamp',
  ],
  [
    'value: [feature, slice]',
    'value: [feature, slcie]',
    'schema[0].properties[2].customProperties[0].value',
    'found the role "slcie", want one of feature, label, id, eventTime, slice, sensitive; did you mean "slice"?',
  ],
  [
    'value: [feature, slice]',
    'value: [feature, sensitive]',
    'schema[0].properties[2].customProperties',
    'found the roles feature and sensitive, want a feature to be neither the label nor sensitive',
  ],
  [
    'perennial.optional, value: true',
    'perennial.optinal, value: true',
    'schema[0].properties[3].customProperties[1].property',
    'found "perennial.optinal", want one of perennial.severity, perennial.role, perennial.optional; did you mean "perennial.optional"?',
  ],
  [
    'perennial.otherColumns, value: warn',
    'perennial.otherColumns, value: quarantine',
    'schema[0].customProperties[0].value',
    'found "quarantine", want one of allow, warn, block',
  ],
  [
    'name: channel',
    'name: PRICE',
    'schema[0].properties[3].name',
    'found the column "PRICE" a second time, want it once',
  ],
  [
    'element: Web_Orders.at }\n  - { property: retention',
    'element: Web_Orders.att }\n  - { property: retention',
    'slaProperties[0].element',
    'found no property "att", want one of order_id, line, price, channel, at, returned, order; did you mean "at"?',
  ],
  ['value: 2, unit: d', 'value: soon, unit: d', 'slaProperties[0].value', 'found "soon", want a number of units'],
  [
    'name: Web_Orders\n    physicalName: web_orders_v2',
    'name: web_ordrs',
    'schema[0].name',
    'found no source "web_ordrs", want web-orders; did you mean "web-orders"?',
  ],
])('a contradiction is a problem with its place: %s -> %s', (from, to, path, message) => {
  const { problems } = compileOdcs(odcs(from, to), SOURCES);
  expect(problems.map((problem) => [pathText(problem.path), problem.message])).toStrictEqual([[path, message]]);
});

test('a rule of our own engine has bounds and lengths, in keys or in text', () => {
  const body = 'metric: invalidValues, arguments: { minimum: 1, maximum: 9, finite: true }, mustBeLessThan: 3';
  const rules = [
    `{ ${body} }`,
    `"${body.replaceAll(', ', '\\n').replace('{ ', '{ ').replaceAll('1\\n', '1, ').replaceAll('9\\n', '9, ')}"`,
  ];
  for (const implementation of rules) {
    const rule = `- { id: own, type: custom, engine: perennial, unit: percent, implementation: ${implementation} }`;
    const document = odcs('- { id: known,', `${rule}\n          - { id: known,`);
    const { contract, problems } = compileOdcs(document, SOURCES);
    expect(problems).toStrictEqual([]);
    expect(contract.tables['web-orders']?.checks.find(({ id }) => id === 'price/own')).toMatchObject({
      measure: { kind: 'invalid', column: 'price', valid: { min: 1, max: 9, finite: true } },
      expect: { operator: 'mustBeLessThan', value: 3 },
      unit: 'percent',
    });
  }
});

test('tables that no source needs are told; a source that none fits makes them a problem', () => {
  const more = { ...odcs(), schema: [...(odcs().schema ?? []), { name: 'customers' }] };
  const { notes, problems } = compileOdcs(more, SOURCES);
  expect(problems).toStrictEqual([]);
  expect(notes.map(({ message }) => message)).toContain('the table "customers" is not checked: no source has its name');
  const missed = compileOdcs(more, { sources: ['web-orders', 'customer'] });
  expect(missed.problems.map(({ message }) => message)).toStrictEqual([
    'found no source "customers", want one of web-orders, customer; did you mean "customer"?',
  ]);
});

test('a table named training is the output of prepare, where there is one', () => {
  const training = { ...odcs(), schema: [{ name: 'training', properties: [{ name: 'a' }] }] };
  const { contract } = compileOdcs(training, { sources: ['web-orders'], training: true });
  expect(Object.keys(contract.tables)).toStrictEqual(['training']);
  expect(compileOdcs(training, SOURCES).problems).toHaveLength(1);
});

test.each([
  ['30, unit: min', 1800],
  ['2, unit: hours', 7200],
  ['1, unit: w', 604_800],
  ["'1.5', unit: day", 129_600],
  ['1, unit: mo', 2_592_000],
  ['1, unit: yr', 31_536_000],
  ['45, unit: s', 45],
])('freshness of %s is %d seconds', (value, seconds) => {
  const { contract } = compileOdcs(odcs('value: 2, unit: d', `value: ${value}`), SOURCES);
  expect(contract.tables['web-orders']?.checks.at(-1)?.expect).toStrictEqual({
    operator: 'mustBeLessOrEqualTo',
    value: seconds,
  });
});

test('freshness blocks when the contract says so, and goes without the table where there is one', () => {
  const document = {
    ...odcs('element: Web_Orders.at }\n  - { property: retention', 'element: at }\n  - { property: retention'),
    customProperties: [{ property: 'perennial.freshness', value: 'block' }],
  };
  const { contract, problems } = compileOdcs(document, SOURCES);
  expect(problems).toStrictEqual([]);
  expect(contract.tables['web-orders']?.checks.at(-1)).toMatchObject({ id: 'at/freshness', severity: 'block' });
});

test('without sources each table goes by its own name', () => {
  expect(Object.keys(compileOdcs(odcs()).contract.tables)).toStrictEqual(['Web_Orders']);
});
