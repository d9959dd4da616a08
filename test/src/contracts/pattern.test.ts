import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isEcmaPattern, re2Pattern } from '../../../src/contracts/pattern.js';

const PATTERNS = [
  '^[A-Z]{2}[0-9]+$',
  'a|b',
  '^a|b$',
  'b+',
  '^a',
  'b$',
  String.raw`^\d{1,3}(?:\.\d+)?$`,
  String.raw`^(?<first>a+)-(?<second>b*)$`,
  '[[a]',
  '[^ab]',
  String.raw`^\u0061\/b$`,
  String.raw`a\$`,
  String.raw`^a\\$`,
  String.raw`^a\$`,
  '',
  '^$',
  String.raw`\bab\b`,
];

test('a pattern matches in the data engine where it matches in JavaScript', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const matches = async (text: string, pattern: string) => {
    const reader = await connection.runAndReadAll('SELECT regexp_full_match($1, $2)', [text, pattern]);
    return reader.getRows()[0]?.[0];
  };
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '0', '1', '-', '/', '.', '$', '\\', '[', '\n', ' ') });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PATTERNS), word, async (source, text) => {
      const translated = re2Pattern(source);
      if (!('pattern' in translated)) throw new Error(`not translated: ${source}`);
      expect(await matches(text, translated.pattern)).toBe(new RegExp(source).test(text));
    }),
    {
      numRuns: 1500,
      examples: [
        ['^a|b$', 'ax'],
        ['^a|b$', 'xb'],
        ['^$', ''],
        [String.raw`^a\\$`, 'a\\'],
        ['a|b', '\nb\n'],
      ],
    },
  );
  connection.closeSync();
  instance.closeSync();
});

test.each([
  ['(?=x)a', 'looking ahead or back'],
  ['(?<!x)a', 'looking ahead or back'],
  [String.raw`(a)\1`, 'a reference to an earlier group'],
  [String.raw`\cA`, 'a control character by its letter'],
  ['a{1001}', 'more than 1000 repetitions'],
  ['[]', 'a class without members'],
])('%s cannot be checked, and why is told', (source, why) => {
  expect(re2Pattern(source)).toStrictEqual({ why });
});

test.each([
  ['(a', false],
  ['[z-a]', false],
  ['a{2}', true],
])('%s is a regular expression: %s', (source, is) => {
  expect(isEcmaPattern(source)).toBe(is);
});

test('a whole pattern stays as it is written', () => {
  expect(re2Pattern('^ACC[0-9]{8}$')).toStrictEqual({ pattern: 'ACC[0-9]{8}' });
});
