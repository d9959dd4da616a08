import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileOdcs } from '../../../src/contracts/compile-odcs.js';
import { contractOfTables, fromFrictionless, type TableSchema } from '../../../src/contracts/frictionless.js';
import { checkOdcs } from '../../../src/contracts/odcs-schema.js';
import { toFrictionless } from '../../../src/contracts/to-frictionless.js';
import { odcs } from './odcs-example.js';

const SCHEMA: TableSchema = {
  fields: [
    { name: 'id', type: 'string', format: 'uuid', title: 'Number', constraints: { required: true, unique: true } },
    { name: 'code', type: 'string', constraints: { pattern: 'a|b', minLength: 1, enum: ['a', 'b'] } },
    { name: 'price', type: 'number', description: 'In euros', constraints: { minimum: 0, maximum: 9.5 } },
    { name: 'at', type: 'datetime', constraints: { minimum: '2020-01-01T00:00:00Z' } },
    { name: 'what', type: 'any', example: 3 },
  ],
  primaryKey: ['id', 'code'],
};

test('a Table Schema becomes a contract that is valid and asks the same', async () => {
  const { value, losses } = fromFrictionless(SCHEMA, 'orders');
  expect(losses).toStrictEqual([]);
  const document = contractOfTables([value], 'orders');
  expect(await checkOdcs(document)).toStrictEqual([]);
  const { contract, problems } = compileOdcs(document);
  expect(problems).toStrictEqual([]);
  expect(contract.tables['orders']?.checks.map(({ id }) => id)).toEqual([
    'id/nulls',
    'id/unique',
    'id/format',
    'code/invalidValues',
    'code/nulls',
    'code/pattern',
    'code/minLength',
    'price/min',
    'price/max',
    'at/min',
    'primaryKey',
  ]);
});

test('what a contract has no place for is told', () => {
  const { losses } = fromFrictionless(
    {
      fields: [
        { name: 'a', type: 'geopoint' },
        { name: 'b', type: 'string', format: 'phone', constraints: { jsonSchema: {}, minimum: 3 } },
        { name: 'c', type: 'number', decimalChar: ',', missingValues: ['-'] },
      ],
      primaryKey: 'd',
      missingValues: ['', '-'],
      foreignKeys: [],
    },
    'x',
  );
  expect(losses).toStrictEqual([
    'field "a": the type geopoint',
    'field "b": the format phone',
    'field "b": the constraint jsonSchema',
    'field "b": the constraint minimum',
    'field "c": decimalChar',
    'field "c": missingValues',
    'the primary key names "d", which is no field',
    'missingValues of the schema',
    'foreignKeys of the schema',
  ]);
  expect(fromFrictionless({ fields: [{ name: 'a' }], missingValues: [''] }, 'x').losses).toStrictEqual([]);
});

test('what a schema has no place for is told', () => {
  const [object] = odcs().schema ?? [];
  const { value, losses } = toFrictionless(object ?? { name: '' });
  expect(value).toMatchObject({ primaryKey: ['order_id', 'line'] });
  expect(value.fields.map(({ name, type }) => `${name} ${type}`)).toStrictEqual([
    'order_id string',
    'line integer',
    'price number',
    'channel string',
    'at datetime',
    'returned boolean',
  ]);
  expect(losses).toEqual(
    expect.arrayContaining([
      "the table's rule enough",
      "the table's rule duplicateValues",
      'the table: customProperties',
      'column "line": the option format',
      'column "price": the option multipleOf',
      'column "price": the rule known',
      'column "price": the rule sql',
      'column "channel": the rule invalidValues',
      'column "channel": the rule missingValues',
    ]),
  );
});

const name = fc.stringMatching(/^[a-z][a-z_]{0,8}$/);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const text = fc.string({ minLength: 1, maxLength: 8 });
const both = { required: maybe(fc.constant(true)), unique: maybe(fc.constant(true)) };
const amount = fc.integer({ min: -99, max: 99 });
const numberRules = fc.record({
  ...both,
  minimum: maybe(amount),
  maximum: maybe(amount),
  exclusiveMinimum: maybe(amount),
  enum: maybe(fc.array(amount, { minLength: 1, maxLength: 3 })),
});
const textRules = fc.record({
  ...both,
  minLength: maybe(fc.nat(9)),
  maxLength: maybe(fc.nat(9)),
  pattern: maybe(fc.constantFrom('[a-z]+', 'a|b', '^x', String.raw`\d{3}`, '(?:a|b)', '')),
  enum: maybe(fc.array(text, { minLength: 1, maxLength: 3 })),
});
const timeRules = fc.record({ ...both, minimum: maybe(fc.constantFrom('2020-01-01', '2021-06-01')) });
const fieldRest = fc.oneof(
  fc.record({ type: fc.constantFrom('integer', 'number'), constraints: numberRules }),
  fc.record({
    type: fc.constant('string'),
    format: maybe(fc.constantFrom('email', 'uri', 'uuid')),
    constraints: textRules,
  }),
  fc.record({ type: fc.constantFrom('date', 'datetime'), constraints: timeRules }),
  fc.record({ type: fc.constantFrom('boolean', 'any', 'time', 'object', 'array'), constraints: fc.record(both) }),
);
const schemas = fc
  .uniqueArray(fc.tuple(name, fieldRest, maybe(text), maybe(text)), {
    selector: ([each]) => each,
    minLength: 1,
    maxLength: 6,
  })
  .chain((parts) => {
    const fields = parts.map(([each, rest, title, description]) => plain({ name: each, ...rest, title, description }));
    const keys = fc.subarray(parts.map(([each]) => each));
    return fc.record({ fields: fc.constant(fields), primaryKey: keys, uniqueKeys: keys });
  })
  .map(({ fields, primaryKey, uniqueKeys }) => ({
    fields,
    ...(primaryKey.length > 0 ? { primaryKey } : {}),
    ...(uniqueKeys.length > 0 ? { uniqueKeys: [uniqueKeys] } : {}),
  }));

test('a Table Schema that goes into a contract and back is the same, and back again the contract', async () => {
  await fc.assert(
    fc.asyncProperty(schemas, async (schema) => {
      const there = fromFrictionless(schema as unknown as TableSchema, 'orders');
      expect(there.losses).toStrictEqual([]);
      const back = toFrictionless(there.value);
      expect(back.losses).toStrictEqual([]);
      const { $schema: _, ...value } = back.value;
      expect(value).toStrictEqual(schema);
      expect(fromFrictionless(back.value, 'orders').value).toStrictEqual(there.value);
      expect(await checkOdcs(contractOfTables([there.value], 'orders'))).toStrictEqual([]);
    }),
    { numRuns: 400 },
  );
});

/** Without what is not there, as JSON has it. */
function plain(value: object): Record<string, unknown> {
  const { constraints, ...rest } = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  return Object.keys(constraints as object).length > 0 ? { ...rest, constraints } : rest;
}
