import { expect, test } from 'vitest';
import { SpecInvalidError, type SpecProblem } from '../../../src/errors.js';
import { parseSpec } from '../../../src/spec/file.js';
import { formatProblems } from '../../../src/spec/problems.js';
import { EXAMPLE_YAML } from './example.js';

/** What is put in place of what, and the problems that must be named: `@word-at-its-place path: message`. */
const CASES: readonly (readonly [name: string, from: string, to: string, problems: readonly string[]])[] = [
  [
    'an unknown key',
    'name: late',
    'nmae: late',
    [
      '@version name: found nothing, want text (Names the model',
      '@nmae nmae: found the unknown key "nmae"; did you mean "name"?',
    ],
  ],
  [
    'an unknown key inside',
    '{ data: ops',
    '{ date: ops',
    [
      '@owners owners.data: found nothing, want text (Who acts',
      '@date owners.date: found the unknown key "date"; did you mean "data"?',
    ],
  ],
  [
    'an unknown value',
    'format: parquet',
    'format: parqet',
    ['@parqet sources.flights.format: found "parqet", want one of csv, tsv, jsonl, parquet; did you mean "parquet"?'],
  ],
  [
    'an unknown kind',
    'kind: s3',
    'kind: s4',
    ['@s4 sources.flights.kind: found "s4", want one of s3, file, http, postgres; did you mean "s3"?'],
  ],
  [
    'text for a number',
    'maxNullShare: 0.1',
    'maxNullShare: few',
    ['@few contract.flights.columns.origin.maxNullShare: found "few", want a number'],
  ],
  [
    'a share over 1',
    'maxNullShare: 0.1',
    'maxNullShare: 10',
    ['@10 contract.flights.columns.origin.maxNullShare: found 10, want at most 1'],
  ],
  ['a number for text', 'label: late', 'label: 4', ['@4 task.label: found 4, want text']],
  ['an empty value', 'label: late', 'label:', ['@label task.label: found an empty value, want text']],
  ['a list for text', 'label: late', 'label: [late]', ['@label task.label: found a list of 1, want text']],
  [
    'a list that is empty',
    '[origin, minute, "dep delay"]',
    '[]',
    ['@features task.features: found an empty list, want at least 1 entry'],
  ],
  [
    'a fraction for a count',
    'resamples: 500',
    'resamples: 500.5',
    ['@500.5 evaluation.resamples: found 500.5, want a whole number'],
  ],
  [
    'a name with a space',
    'weather: { kind',
    'We ather: { kind',
    ['@We sources["We ather"]: found the name "We ather", want lower-case'],
  ],
  ['a duration in words', 'train: 28d', 'train: 4 weeks', ['@4 split.train: found "4 weeks", want a duration such as']],
  ['a duration out of bounds', 'test: 7d', 'test: 0d', ['@0d split.test: found "0d", want 1s to 36500d']],
  [
    'a duration past all bounds',
    'cooldown: 1h',
    `cooldown: ${'9'.repeat(20)}w`,
    ['@99999999999999999999w triggers.cooldown: found "99999999999999999999w", want 0s to 3650d'],
  ],
  ['another version', 'version: 1', 'version: 2', ['@2 version: found 2, want 1']],
  [
    'no sources',
    'sources:\n',
    'sources: {}\nx:\n',
    [
      '@sources sources: found no source, want at least one',
      '@x x: found the unknown key "x", want one of',
      '@flights contract.flights: found no source "flights"',
    ],
  ],
  [
    'a contract for no source',
    'contract:\n  flights:',
    'contract:\n  flight:',
    [
      '@flight contract.flight: found no source "flight", want one of flights, weather, training; did you mean "flights"?',
    ],
  ],
  [
    'several sources without prepare',
    'prepare: features.sql\n',
    '',
    ['@sources sources: found 2 sources and no prepare'],
  ],
  [
    'min over max of a column',
    'min: -180, max: 1800',
    'min: 180, max: -1800',
    ['@"dep contract.flights.columns["dep delay"]: found min 180 over max -1800'],
  ],
  [
    'min over max of rows',
    'min: 10, max: 1000000',
    'min: 10, max: 9',
    ['@rows contract.flights.rows: found min 10 over max 9'],
  ],
  [
    'a bound of the wrong type',
    'min: -180',
    'min: "-180"',
    ['@"-180" contract.flights.columns["dep delay"].min: found "-180", want a number'],
  ],
  [
    'a time that is none',
    'min: 2001-01-01',
    'min: last year',
    ['@last contract.flights.columns.date.min: found "last year", want ISO time'],
  ],
  [
    'values of the wrong type',
    '[true, false]',
    '[true, "no"]',
    ['@"no" contract.flights.columns.late.values[1]: found "no", want true or false'],
  ],
  [
    'a value twice',
    '[true, false]',
    '[true, true]',
    ['@true contract.flights.columns.late.values[1]: found true a second time'],
  ],
  ['a feature twice', '[origin, minute', '[origin, origin', ['@origin task.features[1]: found "origin" a second time']],
  [
    'a feature that differs in case only',
    '[origin, minute',
    '[origin, Origin',
    ['@Origin task.features[1]: found "Origin" beside "origin"'],
  ],
  [
    'the label among the features',
    '[origin, minute',
    '[origin, late',
    ['@late task.features[1]: found the label "late" among the features'],
  ],
  [
    'the event time among the features',
    '[origin, minute',
    '[origin, date',
    ['@date task.features[1]: found the event time "date" among the features'],
  ],
  ['the label as event time', 'eventTime: date', 'eventTime: late', ['@late task.eventTime: found the label "late"']],
  ['the label as block', 'blocks: [origin', 'blocks: [late', ['@late evaluation.blocks[0]: found the label "late"']],
  ['a metric twice', '[auc, brier]', '[auc, auc, brier]', ['@auc evaluation.metrics[1]: found auc a second time']],
  [
    'a gate on what is not measured',
    'skill: { metric: auc }',
    'skill: { metric: logLoss }',
    ['@logLoss gate.skill.metric: found logLoss, which evaluation.metrics leaves out'],
  ],
  ['a default gate on what is not measured', '  champion: { metric: brier, rule: not-worse, margin: 0.001 }\n', '', []],
  ['a threshold without bound', 'metric: auc, min: 0.6', 'metric: auc', ['@{ gate.thresholds[0]: found no bound']],
  [
    'a threshold upside down',
    'metric: auc, min: 0.6',
    'metric: auc, min: 0.6, max: 0.5',
    ['@{ gate.thresholds[0]: found min 0.6 over max 0.5'],
  ],
  [
    'a threshold out of reach',
    'metric: auc, min: 0.6',
    'metric: auc, min: 60',
    ['@60 gate.thresholds[0].min: found 60, want 0 to 1'],
  ],
  [
    'an unknown estimator',
    'gradient-boosting',
    'gradient-bosting',
    [
      '@gradient-bosting trainer.estimator: found "gradient-bosting", want a built-in one (linear, random-forest, gradient-boosting, lightgbm, xgboost) or a command of your own; did you mean "gradient-boosting"?',
    ],
  ],
  [
    'an estimator beside a command',
    'estimator: gradient-boosting',
    'estimator: mine\n  command: [python3, train.py]',
    ['@mine trainer.estimator: found the estimator "mine" beside a command'],
  ],
  [
    'a command that is an option',
    'estimator: gradient-boosting',
    'command: [-rf]',
    ['@-rf trainer.command[0]: found "-rf", want a program'],
  ],
  [
    'a warm start of trees that cannot grow on other rows',
    'estimator: gradient-boosting',
    'estimator: gradient-boosting\n  warmStart: champion',
    [
      '@champion trainer.warmStart: found champion with the estimator "gradient-boosting", want one that can go on on other rows: lightgbm, xgboost',
    ],
  ],
  [
    'a warm start of a program of its own',
    'estimator: gradient-boosting',
    'command: [python3, train.py]\n  warmStart: champion',
    [
      '@champion trainer.warmStart: found champion with a trainer that is not built in, want a built-in estimator (kind python or process)',
    ],
  ],
  [
    'a warm start without room for more trees',
    'estimator: gradient-boosting',
    'estimator: lightgbm\n  warmStart: champion\n  maxTrees: 150',
    ['@150 trainer.maxTrees: found 150, want at least twice the 100 trees that each training adds'],
  ],
  ['a cron of four fields', '0 6 * * mon', '0 6 * *', ['@"0 triggers.schedule.cron: found 4 fields, want five']],
  [
    'a time zone that is none',
    'Europe/Berlin',
    'Europe/Berlim',
    [
      '@Europe/Berlim triggers.schedule.timezone: found "Europe/Berlim", want UTC or a name such as Europe/Berlin; did you mean "Europe/Berlin"?',
    ],
  ],
  [
    'several at once, though their neighbours are wrong',
    'label: late\n  features: [origin, minute',
    'label: 7\n  features: [origin, origin',
    ['@7 task.label: found 7, want text', '@origin task.features[1]: found "origin" a second time'],
  ],
];

test.each(CASES)('a spec with %s: every problem has its place and what is wanted', (_, from, to, expected) => {
  expect(EXAMPLE_YAML).toContain(from);
  const text = EXAMPLE_YAML.replace(from, () => to);
  const found = problemsOf(text).map((problem) => `@${wordAt(text, problem)} ${problem.path}: ${problem.message}`);
  expect(found.map((text, index) => text.slice(0, expected[index]?.length ?? text.length))).toStrictEqual(expected);
});

test('a lone source is the training table: its contract must have the columns of the task', () => {
  const lone = EXAMPLE_YAML.replace(/ {2}weather:.*\n/, '').replace('prepare: features.sql\n', '');
  const found = problemsOf(lone.replace('late: { type: boolean, values: [true, false] }', 'late: { type: string }'));
  expect(found.map(({ path }) => path)).toStrictEqual(['task.label', 'task.features[1]', 'evaluation.blocks[1]']);
  expect(found[0]?.message).toBe('found a column of type string in the contract, want boolean or integer or number');
  expect(found[1]?.message).toContain('found no column "minute" in the contract, want one of origin');
});

test('a problem is shown with the lines around it and a mark under the word', () => {
  const text = EXAMPLE_YAML.replace('label: late', 'lable: late');
  const problems = problemsOf(text).filter(({ path }) => path === 'task.lable');
  expect(formatProblems(problems, { textOf: () => text })).toBe(
    [
      'spec.yaml:23:3  task.lable  found the unknown key "lable"; did you mean "label"?',
      '  21 | task:',
      '  22 |   kind: binary',
      '> 23 |   lable: late',
      '     |   ^^^^^',
      '  24 |   features: [origin, minute, "dep delay"]',
    ].join('\n'),
  );
});

test('a very long line is cut to the screen, around the mark, with hidden characters made visible', () => {
  const text = `a: "${'x'.repeat(300)}\u202e", b: 1\n`;
  const shown = formatProblems([{ path: 'b', message: 'wrong', file: 'f', line: 1, column: 309 }], {
    textOf: () => text,
    width: 60,
  });
  expect(shown).toContain('\\u202e", b: 1');
  expect(Math.max(...shown.split('\n').map((line) => line.length))).toBeLessThanOrEqual(66);
});

test('many problems are counted, not all shown', () => {
  const problems = Array.from({ length: 30 }, (_, index) => ({ path: `p${index}`, message: 'wrong' }));
  expect(formatProblems(problems, { limit: 5 }).split('\n\n').at(-1)).toBe('and 25 more');
});

function wordAt(text: string, { line = 0, column = 0 }: SpecProblem): string {
  const rest = text.split('\n')[line - 1]?.slice(column - 1) ?? '';
  return /^[^\s,:\]}]+/.exec(rest)?.[0] ?? rest.slice(0, 5);
}

function problemsOf(text: string): readonly SpecProblem[] {
  try {
    parseSpec(text);
  } catch (error) {
    if (error instanceof SpecInvalidError) return error.problems;
    throw error;
  }
  return [];
}
