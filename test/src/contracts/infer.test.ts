import { expect, test } from 'vitest';
import { compileOdcs } from '../../../src/contracts/compile-odcs.js';
import { inferContract } from '../../../src/contracts/infer.js';
import type { OdcsDocument } from '../../../src/contracts/odcs.js';
import { checkOdcs } from '../../../src/contracts/odcs-schema.js';
import type { ColumnProfile } from '../../../src/domain/profile.js';
import { parseYaml } from '../../../src/spec/yaml.js';

const ROWS = 200;

test('a first contract is valid under the standard and has a comment behind each guess', async () => {
  const text = infer(
    [
      column('order_id', 'string', { distinct: 200 }),
      column('at', 'timestamp'),
      column('seen', 'timestamp'),
      column('items', 'integer', { numbers: numbers(1, 6) }),
      column('loss', 'number', { numbers: numbers(-3.2, 40) }),
      column('share', 'number', { numbers: numbers(0.1, 0.8), nulls: 7 }),
      column('channel', 'string', {
        top: [
          { value: 'web', count: 150 },
          { value: 'app', count: 50 },
        ],
      }),
      column('name', 'string', { top: [{ value: 'Ada', count: 2 }] }),
      column('blob', 'other'),
      column('nothing', 'string', { nulls: ROWS }),
    ],
    ['order_id'],
  );
  const document = parseYaml(text).value as OdcsDocument;
  expect(await checkOdcs(document)).toStrictEqual([]);
  const { contract, problems, notes } = compileOdcs(document);
  expect({ problems, notes }).toStrictEqual({ problems: [], notes: [] });
  const { checks = [], columns = [] } = contract.tables['orders'] ?? {};
  expect(checks.map(({ id }) => id)).toEqual([
    'rowCount',
    'order_id/nulls',
    'order_id/unique',
    'at/nulls',
    'seen/nulls',
    'items/nulls',
    'items/min',
    'items/max',
    'loss/nulls',
    'loss/min',
    'loss/max',
    'share/nullValues',
    'share/min',
    'share/max',
    'channel/invalidValues',
    'channel/nulls',
    'name/nulls',
    'blob/nulls',
    'primaryKey',
  ]);
  expect(columns.filter(({ roles }) => roles.length > 0).map(({ name, roles }) => [name, ...roles])).toStrictEqual([
    ['order_id', 'id'],
    ['at', 'eventTime'],
  ]);
  for (const guess of [
    'mustBeGreaterOrEqualTo: 100 # half of the 200 rows of this file',
    'unique: true # no value comes twice',
    'minimum: 0 # least here: 1',
    'maximum: 20 # most here: 6',
    'minimum: -10 # least here: -3.2',
    'maximum: 100 # most here: 40',
    'maximum: 1 # most here: 0.8',
    'mustBeLessOrEqualTo: 7 # empty in 7 of 200 rows, doubled',
    'mustBe: 0 # only 2 values in 200 rows',
    'value: eventTime # when the row happened, it seems',
    'name: nothing # empty in every row',
  ]) {
    expect(text).toContain(guess);
  }
});

test('names that YAML would read as something else stay names', () => {
  const names = ['yes', '1', 'null', 'a: b', '#c', '~', ' d', 'ü', '"e"'];
  const document = parseYaml(
    infer(
      names.map((name) => column(name, 'string')),
      [],
    ),
  ).value as OdcsDocument;
  expect(document.schema?.[0]?.properties?.map(({ name }) => name)).toStrictEqual(names);
});

function infer(columns: ColumnProfile[], unique: string[]): string {
  return inferContract('orders', { profile: { rows: ROWS, columns }, unique: new Set(unique), file: 'orders.csv' });
}

function column(name: string, type: ColumnProfile['type'], more: Partial<ColumnProfile> = {}): ColumnProfile {
  return { name, type, rows: ROWS, nulls: 0, ...more };
}

function numbers(min: number, max: number) {
  return { count: ROWS, nans: 0, infinities: 0, zeros: 0, negatives: 0, min, max };
}
