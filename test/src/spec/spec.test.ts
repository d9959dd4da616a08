import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { defineModel } from '../../../src/define-model.js';
import { SpecInvalidError } from '../../../src/errors.js';
import { parseSpec } from '../../../src/spec/file.js';
import { specJsonSchema } from '../../../src/spec/json-schema.js';
import { EXAMPLE, EXAMPLE_YAML, SMALLEST } from './example.js';

test('a spec in YAML and the same in TypeScript give the same object', () => {
  expect(parseSpec(EXAMPLE_YAML)).toStrictEqual(defineModel(EXAMPLE));
  expect(parseSpec(JSON.stringify(SMALLEST))).toStrictEqual(defineModel(SMALLEST));
});

test('a spec gets its defaults, and a spec with them filled in stays as it is', () => {
  const spec = defineModel(SMALLEST);
  expect(spec).toMatchObject({
    version: 1,
    contract: {},
    split: { train: '28d', validation: '1d', test: '7d', lookback: '0d', maxTrainRows: 100_000 },
    trainer: { estimator: 'gradient-boosting', parameters: {}, seed: 7, timeout: '30m' },
    evaluation: { metrics: ['auc', 'brier', 'logLoss', 'accuracy'], resamples: 1000, confidence: 0.95 },
    gate: { thresholds: [], skill: { metric: 'auc' }, champion: { metric: 'brier', rule: 'better', margin: 0 } },
    rollout: { kind: 'direct', timeout: '60s' },
    triggers: { cooldown: '0s' },
  });
  expect(defineModel(spec)).toStrictEqual(spec);
  const parameters = { layers: [8, 4], nested: { rates: [0.1, 0.2], none: null } };
  const withCommand = defineModel({ ...SMALLEST, trainer: { command: ['python3', 'train.py'], parameters } });
  expect(withCommand.trainer.parameters).toStrictEqual(parameters);
  expect(defineModel(withCommand)).toStrictEqual(withCommand);
});

test('defineModel does not keep what it was given, so later changes of it do not reach the spec', () => {
  const input = structuredClone(SMALLEST);
  const spec = defineModel({ ...input, trainer: { parameters: { max_depth: 3 } } });
  input.task.features.push('later');
  expect(spec.task.features).toStrictEqual(['cloud']);
});

test('defineModel treats members that are undefined as not written', () => {
  const given = { ...SMALLEST, prepare: undefined, trainer: undefined } as unknown as typeof SMALLEST;
  expect(defineModel(given)).toStrictEqual(defineModel(SMALLEST));
});

test.each([
  ['a date', { trainer: { parameters: { since: new Date(0) } } }, 'found a Date, want plain data'],
  ['a function', { trainer: { parameters: { score: () => 1 } } }, 'found a function, want plain data'],
  ['NaN', { trainer: { parameters: { rate: NaN } } }, 'found NaN, want a finite number'],
  ['a number past 2^53', { trainer: { seed: 2 ** 60 } }, 'want a whole number that is exact'],
  ['a NUL character', { objective: { statement: 'a\0b' } }, 'NUL character'],
  ['a __proto__ key', { trainer: JSON.parse('{"__proto__": {"kind": "x"}}') as object }, 'the key "__proto__"'],
])('defineModel refuses %s', (_, change, message) => {
  const error = refusal(() => defineModel({ ...SMALLEST, ...change }));
  expect(error.problems.map((problem) => problem.message).join('\n')).toContain(message);
});

test('defineModel refuses a value that contains itself', () => {
  const parameters: Record<string, unknown> = {};
  parameters['self'] = parameters;
  const error = refusal(() => defineModel({ ...SMALLEST, trainer: { parameters } } as typeof SMALLEST));
  expect(error.problems[0]?.message).toContain('more than 64 levels');
});

test('the error of defineModel names the model, the first problem and how many more there are', () => {
  const error = refusal(() => defineModel({ ...SMALLEST, split: { by: 'time', test: '0s', train: 'long' } }));
  expect(error.message).toMatch(/^Cannot use model spec "small": split\.\w+: found "\w+", want .* \(and 1 more\)$/);
  expect(error.details['problems']).toBe(error.problems);
});

test('the JSON Schema takes what the parser takes and refuses what it refuses', () => {
  const schema = specJsonSchema();
  const validate = new Ajv2020({ strict: false }).compile(schema);
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Perennial model spec',
  });
  expect(validate(EXAMPLE)).toBe(true);
  expect(validate(SMALLEST)).toBe(true);
  expect(validate({ ...SMALLEST, nam: 'x' })).toBe(false);
  expect(validate({ ...SMALLEST, name: 'A B' })).toBe(false);
});

function refusal(act: () => unknown): SpecInvalidError {
  try {
    act();
  } catch (error) {
    if (error instanceof SpecInvalidError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
