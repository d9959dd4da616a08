import { expect, test } from 'vitest';
import { checkPair } from '../../../src/contracts/pair.js';
import { defineModel } from '../../../src/define-model.js';
import { ContractPairError } from '../../../src/errors.js';
import type { ModelSpecInput, StoredSpec } from '../../../src/spec/spec.js';
import { SMALLEST } from '../spec/example.js';
import { odcs } from './odcs-example.js';

const TASK = { kind: 'binary', label: 'returned', features: ['price'], eventTime: 'at' } as const;

test('a task on columns of the contract, of fitting types and roles, is a pair with it', () => {
  expect(() => checkPair(stored())).not.toThrow();
  expect(() => checkPair({ spec: defineModel(SMALLEST) })).not.toThrow();
});

test('a column that the contract does not promise is for the data owner to act on', () => {
  const error = refusal(stored({ features: ['price', 'weather'] }));
  expect(error.message).toBe(
    'Cannot train "small": contract and task do not fit: task.features[1]: found no column "weather" in the contract, ' +
      'want it promised by the table "web-orders" of the contract, or left out of the task. data team (data) must act',
  );
  expect(error.details).toMatchObject({ owners: ['data'], columns: ['weather'] });
  expect(error.fix).toContain('data team (data): change the contract or the task');
  expect({ code: error.code, next: error.next }).toStrictEqual({ code: 'DATA.PAIR', next: 'fail' });
});

test.each([
  [
    'a misspelt feature',
    { features: ['prise'] },
    'found no column "prise" in the contract, want one of order_id, line, price, channel, at, returned; did you mean "price"?',
  ],
  [
    'a feature that is a time',
    { features: ['at'], eventTime: 'line' },
    'found a column of type timestamp in the contract, want string or integer or number or boolean',
  ],
  [
    'an event time that is a number',
    { eventTime: 'line' },
    'found a column of type integer in the contract, want timestamp or date',
  ],
  [
    'a label of text',
    { label: 'order_id' },
    'found a column of type string in the contract, want boolean or integer or number',
  ],
  [
    'an id as a feature',
    { features: ['order_id'] },
    'found a column with the role id in the contract, want it left out of the features',
  ],
  [
    'a feature without the role, where others have it',
    { features: ['line'] },
    'found a column that has not the role feature in the contract, want price',
  ],
])('%s is for the model owner to act on', (_, task, message) => {
  const error = refusal(stored(task));
  expect(error.message).toContain(message);
  expect(error.details['owners']).toStrictEqual(['model']);
});

test('a sensitive column is no feature, and the label of the contract is the label', () => {
  const sensitive = stored({}, 'value: [feature, slice]', 'value: sensitive');
  expect(refusal(sensitive).message).toContain('the role sensitive in the contract, want it left out of the features');
  const label = stored(
    { label: 'line' },
    'logicalType: boolean,',
    'logicalType: boolean, customProperties: [{ property: perennial.role, value: label }],',
  );
  expect(refusal(label).message).toContain('found "line", which has not the role label in the contract, want returned');
});

test('an event time beside the one of the contract is refused', () => {
  const document = stored(
    { eventTime: 'at' },
    '- { name: returned',
    '- { name: seen, logicalType: timestamp, customProperties: [{ property: perennial.role, value: eventTime }] }\n      - { name: returned',
  );
  expect(refusal(document).message).toContain(
    'found a column that has not the role eventTime in the contract, want seen',
  );
});

test('blocks of the evaluation and columns of the split must be there too', () => {
  const spec = { evaluation: { blocks: ['shop'] }, split: { by: 'group' as const, columns: ['customer'] } };
  expect(refusal(stored({}, '', '', spec)).details['columns']).toStrictEqual(['shop', 'customer']);
});

test('with a prepare only the table training is compared, and the names of sensitive columns', () => {
  const free = { ...TASK, features: ['weekday'] };
  const spec = { prepare: 'features.sql', sources: { 'web-orders': file(), other: file() } };
  expect(() => checkPair(stored(free, '', '', spec))).not.toThrow();
  const training = '  - name: training\n    properties:\n      - { name: weekday, logicalType: date }\n';
  const compared = refusal(stored(free, 'slaProperties:', `${training}slaProperties:`, spec));
  expect(compared.details['columns']).toStrictEqual(['returned', 'at', 'weekday']);
  const kept = stored({ features: ['PRICE'] }, 'value: [feature, slice]', 'value: [sensitive]', spec);
  expect(refusal(kept).message).toContain('found the name of a column with the role sensitive in the contract');
  const columns = ['returned, logicalType: boolean', 'at, logicalType: timestamp', 'PRICE, logicalType: number'];
  const whole = `  - name: training\n    properties:\n${columns.map((each) => `      - { name: ${each} }\n`).join('')}`;
  const both = stored({ features: ['PRICE'] }, 'slaProperties:', `${whole}slaProperties:`, spec);
  const shown = JSON.stringify(both.contractFile).replace('["feature","slice"]', '["sensitive"]');
  const hidden = { ...both, contractFile: JSON.parse(shown) as Record<string, unknown> };
  expect(() => checkPair(both)).not.toThrow();
  expect(refusal(hidden).message).toContain('found the name of a column with the role sensitive in the contract');
});

test('test rows of a source of their own leave the other source the training table', () => {
  const spec = {
    sources: { 'web-orders': file(), golden: file() },
    split: { by: 'fixed' as const, source: 'golden', key: ['order_id'] },
  };
  expect(() => checkPair(stored({}, '', '', spec))).not.toThrow();
  expect(refusal(stored({ features: ['prise'] }, '', '', spec)).details['columns']).toStrictEqual(['prise']);
});

test('rules in the spec that leave columns out promise nothing about them', () => {
  const contract = { rain: { columns: { cloud: { type: 'number' as const } } } };
  expect(() => checkPair({ spec: defineModel({ ...SMALLEST, contract }) })).not.toThrow();
});

function file() {
  return { kind: 'file' as const, path: 'orders.csv' };
}

function stored(
  task: Partial<{ label: string; features: string[]; eventTime: string }> = {},
  from = '',
  to = '',
  spec: Partial<ModelSpecInput> = {},
): StoredSpec {
  return {
    spec: defineModel({
      ...SMALLEST,
      owners: { data: 'data team', model: 'model team', business: 'us' },
      sources: { 'web-orders': file() },
      contract: 'contract.odcs.yaml',
      task: { ...TASK, features: ['price'], ...task },
      ...spec,
    }),
    contractFile: { ...odcs(from, to) },
  };
}

function refusal(given: StoredSpec): ContractPairError {
  try {
    checkPair(given);
  } catch (error) {
    if (error instanceof ContractPairError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
