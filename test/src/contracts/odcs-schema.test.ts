import { expect, test } from 'vitest';
import { checkOdcs } from '../../../src/contracts/odcs-schema.js';
import { pathText } from '../../../src/spec/path.js';
import { odcs } from './odcs-example.js';

test.each([
  [
    'an unknown key',
    'required: true\n',
    'requird: true\n',
    ['schema[0].properties[4].requird', 'found the unknown key "requird"; did you mean "required"?'],
  ],
  [
    'an unknown key at the top',
    'status: active',
    'status: active\nstatsu: x',
    ['statsu', 'found the unknown key "statsu"; did you mean "status"?'],
  ],
  [
    'an unknown type',
    'logicalType: boolean',
    'logicalType: bool',
    [
      'schema[0].properties[5].logicalType',
      'found "bool", want one of string, date, timestamp, time, number, integer, object, array, boolean',
    ],
  ],
  [
    'two operators',
    'mustBeLessThan: 1, unit',
    'mustBeLessThan: 1, mustBe: 0, unit',
    [
      'schema[0].quality[1]',
      'found the operators mustBe and mustBeLessThan, want one of mustBe, mustNotBe, mustBeGreaterThan, mustBeGreaterOrEqualTo, mustBeLessThan, mustBeLessOrEqualTo, mustBeBetween, mustNotBeBetween',
    ],
  ],
  [
    'no operator',
    'mustBeLessThan: 1, unit',
    'unit',
    [
      'schema[0].quality[1]',
      'found no operator, want one of mustBe, mustNotBe, mustBeGreaterThan, mustBeGreaterOrEqualTo, mustBeLessThan, mustBeLessOrEqualTo, mustBeBetween, mustNotBeBetween',
    ],
  ],
  [
    'text for a number',
    'mustBeLessThan: 1, unit',
    'mustBeLessThan: few, unit',
    ['schema[0].quality[1].mustBeLessThan', 'found "few", want a number'],
  ],
  [
    'an unknown metric',
    'metric: rowCount',
    'metric: rowcount',
    [
      'schema[0].quality[0].metric',
      'found "rowcount", want one of nullValues, missingValues, invalidValues, duplicateValues, rowCount; did you mean "rowCount"?',
    ],
  ],
  [
    'an option of another type',
    'maxLength: 12',
    'maxLength: 12, minimum: 3',
    [
      'schema[0].properties[0].logicalTypeOptions.minimum',
      'found the unknown key "minimum", want one of format, maxLength, minLength, pattern',
    ],
  ],
  [
    'a missing name',
    '- name: channel\n        logicalType',
    '- logicalType',
    ['schema[0].properties[3].name', 'found nothing, want a value'],
  ],
  [
    'a key of another kind of rule',
    'type: sql, query',
    'type: text, query',
    ['schema[0].properties[2].quality[1].query', 'found "query", which does not belong here'],
  ],
  ['a missing section', 'id: shop\n', '', ['id', 'found nothing, want a value']],
  ['a kind of its own', 'kind: DataContract', 'kind: Contract', ['kind', 'found "Contract", want DataContract']],
  [
    'version 2',
    'v3.1.0',
    'v2.2.2',
    ['apiVersion', 'found "v2.2.2", want v3.1.0 (or v3.0.x): version 2 of the standard has other sections'],
  ],
  [
    'a version that is none',
    'v3.1.0',
    'v3.1',
    ['apiVersion', 'found "v3.1", want one of v3.1.0, v3.0.2, v3.0.1, v3.0.0, v2.2.2, v2.2.1, v2.2.0'],
  ],
  [
    'a time that is none',
    'status: active',
    'status: active\ncontractCreatedTs: yesterday',
    ['contractCreatedTs', 'found "yesterday", want a text of the format date-time'],
  ],
  [
    'text for a team',
    'status: active',
    'status: active\nteam: us',
    ['team', 'found "us", want keys and values or a list'],
  ],
  ['a team of names', 'status: active', 'status: active\nteam: [us]', ['team[0]', 'found "us", want keys and values']],
  [
    'an unknown key of a team',
    'status: active',
    'status: active\nteam: { nme: us }',
    ['team.nme', 'found the unknown key "nme"; did you mean "name"?'],
  ],
  [
    'keys for a plain value',
    'steward, value: somebody',
    'steward',
    ['schema[0].customProperties[1].value', 'found nothing, want a value'],
  ],
])('%s is a problem with its place, and nothing beside it', async (_, from, to, [path, message]) => {
  const issues = await checkOdcs(odcs(from, to));
  expect(issues.map((issue) => [pathText(issue.path), issue.message])).toContainEqual([
    path,
    expect.stringContaining(String(message)),
  ]);
  expect(issues.length).toBeLessThanOrEqual(from === 'type: sql, query' ? 2 : 1);
});

test('several problems are all named', async () => {
  const document = odcs('logicalType: boolean', 'logicalType: bool, requird: true');
  const issues = await checkOdcs({ ...document, stats: 1 });
  expect(issues.map(({ path }) => pathText(path)).toSorted()).toStrictEqual([
    'schema[0].properties[5].logicalType',
    'schema[0].properties[5].requird',
    'stats',
  ]);
});

test.each([[null], [3], ['text'], [[]], [undefined]])('%j is no contract', async (value) => {
  expect((await checkOdcs(value))[0]?.message).toContain('want a data contract: keys and values');
});

test.each(['v3.0.0', 'v3.0.1', 'v3.0.2', 'v3.1.0'])('contracts of %s are taken', async (version) => {
  expect(await checkOdcs(odcs('v3.1.0', version))).toStrictEqual([]);
});
