import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileOdcs } from '../../../src/contracts/compile-odcs.js';
import { diffContracts } from '../../../src/contracts/diff.js';
import { OPERATORS } from '../../../src/contracts/odcs-operators.js';
import { checkStrictness } from '../../../src/contracts/strictness.js';
import type { Check, Expectation } from '../../../src/domain/contract.js';
import { odcs } from './odcs-example.js';

const before = compileOdcs(odcs()).contract;
const diffTo = (from: string, to: string) => diffContracts(before, compileOdcs(odcs(from, to)).contract);

test('a contract beside itself has no changes, and only other words are a patch', () => {
  const none = { changes: [], breaks: { producers: false, consumers: false } };
  expect(diffContracts(before, before, { sameText: true })).toStrictEqual({ ...none, advice: 'none' });
  expect(diffTo('description: Not dear', 'description: Cheap')).toStrictEqual({ ...none, advice: 'patch' });
});

test.each([
  [
    'a column that goes',
    '      - { name: returned, logicalType: boolean, required: true }\n',
    '',
    ['consumers'],
    'major',
    'column "returned" is gone',
  ],
  [
    'a column that comes',
    'slaProperties:',
    '      - { name: note, logicalType: string }\nslaProperties:',
    ['producers'],
    'minor',
    'column "note" is new (string)',
  ],
  [
    'another type',
    'logicalType: boolean',
    'logicalType: string',
    ['producers', 'consumers'],
    'major',
    'column "returned": type boolean -> string',
  ],
  [
    'a narrower type',
    "logicalType: timestamp\n        logicalTypeOptions: { minimum: '2020-01-01' }",
    "logicalType: date\n        logicalTypeOptions: { minimum: '2020-01-01' }",
    ['producers'],
    'minor',
    'column "at": type timestamp -> date',
  ],
  [
    'a column that may now be absent',
    'value: [feature, slice] }]',
    'value: [feature, slice] }, { property: perennial.optional, value: true }]',
    ['consumers'],
    'major',
    'column "price": in every file -> may be absent',
  ],
  [
    'a column that may now be empty',
    "logicalTypeOptions: { minimum: '2020-01-01' }\n        required: true",
    "logicalTypeOptions: { minimum: '2020-01-01' }",
    ['consumers'],
    'major',
    'rule at/nulls: never empty',
  ],
  [
    'a later start',
    "'2020-01-01'",
    "'2021-01-01'",
    ['producers'],
    'minor',
    'rule at/min: every value at least 2020-01-01 -> every value at least 2021-01-01',
  ],
  [
    'an earlier start',
    "'2020-01-01'",
    "'2019-01-01'",
    ['consumers'],
    'major',
    'rule at/min: every value at least 2020-01-01 -> every value at least 2019-01-01',
  ],
  [
    'one more value',
    '[web, app, null]',
    '[web, app, shop]',
    ['consumers'],
    'major',
    'rule channel/invalidValues: every value one of web, app -> every value one of web, app, shop',
  ],
  [
    'one value less',
    '[web, app, null]',
    '[web]',
    ['producers'],
    'minor',
    'rule channel/invalidValues: every value one of web, app -> every value one of web',
  ],
  [
    'more empty rows',
    'mustBeLessOrEqualTo: 5',
    'mustBeLessOrEqualTo: 6',
    ['consumers'],
    'major',
    'rule price/known: empty rows <= 5 % -> empty rows <= 6 %',
  ],
  [
    'another pattern',
    '{2}[0-9]',
    '{3}[0-9]',
    ['producers', 'consumers'],
    'major',
    'rule order_id/pattern: every value like [A-Z]{2}[0-9]+ -> every value like [A-Z]{3}[0-9]+',
  ],
  [
    'fresher data',
    'value: 2, unit: d',
    'value: 1, unit: d',
    ['producers'],
    'minor',
    'rule at/freshness: seconds since the newest <= 172800 -> seconds since the newest <= 86400',
  ],
  [
    'a rule that only warns now',
    'severity: quarantine }',
    'severity: info }',
    ['consumers'],
    'major',
    'rule price/known: empty rows <= 5 % (quarantine -> warn)',
  ],
  [
    'a rule that is new',
    'required: true\n      - { name: returned',
    'required: true\n        unique: true\n      - { name: returned',
    ['producers'],
    'minor',
    'rule at/unique: no at twice (block)',
  ],
  [
    'columns that are not named',
    'perennial.otherColumns, value: warn',
    'perennial.otherColumns, value: block',
    ['producers'],
    'minor',
    'columns that are not named: warn -> block',
  ],
  [
    'a column that became sensitive',
    'value: [feature, slice]',
    'value: sensitive',
    ['consumers'],
    'major',
    'column "price": feature and slice -> sensitive',
  ],
  ['a rule by another id', 'id: known,', 'id: priced,', [], 'patch', undefined],
])('%s', (_, from, to, breaks, advice, message) => {
  const { changes, ...rest } = diffTo(from, to);
  expect(changes.map((change) => change.message)).toStrictEqual(message === undefined ? [] : [message]);
  expect(changes.flatMap((change) => change.breaks)).toStrictEqual(breaks);
  const broken: readonly string[] = breaks;
  expect(rest).toStrictEqual({
    breaks: { producers: broken.includes('producers'), consumers: broken.includes('consumers') },
    advice,
  });
});

test('a table that comes or goes is one change', () => {
  const empty = { ...before, tables: {} };
  expect(diffContracts(before, empty).changes).toMatchObject([{ kind: 'removed', breaks: ['consumers'] }]);
  expect(diffContracts(empty, before).changes).toMatchObject([{ kind: 'added', breaks: ['producers'] }]);
});

const number = fc.integer({ min: 0, max: 6 });
const expectation = fc.constantFrom(...OPERATORS).chain((operator): fc.Arbitrary<Expectation> => {
  if (operator !== 'mustBeBetween' && operator !== 'mustNotBeBetween')
    return number.map((value) => ({ operator, value }));
  return fc.tuple(number, number).map(([a, b]) => ({ operator, value: [Math.min(a, b), Math.max(a, b)] }));
});

test('of two expectations the tighter one is the one that takes fewer numbers', () => {
  const numbers = Array.from({ length: 33 }, (_, index) => index / 4);
  const check = (expect_: Expectation): Check => {
    return { id: 'a', measure: { kind: 'rowCount' }, expect: expect_, unit: 'rows', severity: 'block' };
  };
  fc.assert(
    fc.property(expectation, expectation, (a, b) => {
      const [old, now] = [numbers.filter((each) => takes(a, each)), numbers.filter((each) => takes(b, each))];
      const fewer = now.every((each) => old.includes(each));
      const more = old.every((each) => now.includes(each));
      const wanted = fewer && more ? 'same' : fewer ? 'tighter' : more ? 'looser' : 'other';
      expect(checkStrictness(check(a), check(b))).toBe(wanted);
    }),
    { numRuns: 3000 },
  );
});

function takes({ operator, value }: Expectation, number_: number): boolean {
  switch (operator) {
    case 'mustBe':
      return number_ === value;
    case 'mustNotBe':
      return number_ !== value;
    case 'mustBeGreaterThan':
      return number_ > value;
    case 'mustBeGreaterOrEqualTo':
      return number_ >= value;
    case 'mustBeLessThan':
      return number_ < value;
    case 'mustBeLessOrEqualTo':
      return number_ <= value;
    case 'mustBeBetween':
      return number_ >= value[0] && number_ <= value[1];
    case 'mustNotBeBetween':
      return number_ < value[0] || number_ > value[1];
  }
}
