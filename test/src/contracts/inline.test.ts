import { expect, test } from 'vitest';
import { contractOf } from '../../../src/contracts/index.js';
import { defineModel } from '../../../src/define-model.js';
import { EXAMPLE, SMALLEST } from '../spec/example.js';

test('rules in the spec become checks that block, with readable ids', () => {
  const { tables, ...rest } = contractOf({ spec: defineModel(EXAMPLE) });
  expect(rest).toStrictEqual({});
  const { columns, otherColumns, checks } = tables['flights'] ?? {};
  expect(otherColumns).toBe('block');
  expect(columns?.[1]).toStrictEqual({
    name: 'dep delay',
    type: 'number',
    required: true,
    roles: [],
    severity: 'block',
  });
  expect(
    checks?.map(({ id, expect: { operator, value }, unit }) => `${id} ${operator} ${String(value)} ${unit}`),
  ).toEqual([
    'rows mustBeBetween 10,1000000 rows',
    'origin/nulls mustBeLessOrEqualTo 10 percent',
    'dep delay/nulls mustBe 0 rows',
    'dep delay/min mustBeLessOrEqualTo 1 percent',
    'dep delay/max mustBeLessOrEqualTo 1 percent',
    'late/nulls mustBe 0 rows',
    'late/values mustBe 0 rows',
    'date/nulls mustBe 0 rows',
    'date/min mustBe 0 rows',
  ]);
  expect(new Set(checks?.map(({ severity }) => severity))).toStrictEqual(new Set(['block']));
});

test('a share that binary fractions blur is a clean number of percent', () => {
  const contract = { rain: { columns: { cloud: { type: 'number' as const, maxNullShare: 0.07 } } } };
  const [, nulls] = contractOf({ spec: defineModel({ ...SMALLEST, contract }) }).tables['rain']?.checks ?? [];
  expect(nulls?.expect.value).toBe(7);
});

test('a column that may be empty in every row has no check of it, and one called rows keeps its own id', () => {
  const contract = { rain: { columns: { rows: { type: 'number' as const, maxNullShare: 1, min: 0 } } } };
  const { checks } = contractOf({ spec: defineModel({ ...SMALLEST, contract }) }).tables['rain'] ?? {};
  expect(checks?.map(({ id }) => id)).toStrictEqual(['rows', 'rows/min']);
});

test('a spec that names a contract file cannot be used without its text', () => {
  const spec = defineModel({ ...SMALLEST, contract: 'contract.odcs.yaml' });
  expect(() => contractOf({ spec })).toThrow('found no text of the contract file "contract.odcs.yaml"');
});
