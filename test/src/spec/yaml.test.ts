import { expect, test } from 'vitest';
import { parseYaml } from '../../../src/spec/yaml.js';

test.each([
  ['words that older YAML takes for truth are text', 'a: no\nb: on\nc: y', { a: 'no', b: 'on', c: 'y' }],
  ['numbers are decimal unless they say otherwise', 'a: 012\nb: 0x1f\nc: 1e3', { a: 12, b: 31, c: 1000 }],
  ['dates stay text', 'a: 2026-01-31', { a: '2026-01-31' }],
  ['keys are text', '2001: x\ntrue: y\n~: z', { 2001: 'x', true: 'y', '~': 'z' }],
  ['anchors and aliases are copies', 'a: &r { t: 1 }\nb: *r', { a: { t: 1 }, b: { t: 1 } }],
  ['an anchor that is given again counts from there', 'a: &r 1\nb: *r\nc: &r 2\nd: *r', { a: 1, b: 1, c: 2, d: 2 }],
  ['constructor is a key like others', 'constructor: 1', { constructor: 1 }],
  ['64 levels are read', `${'['.repeat(63)}1${']'.repeat(63)}`, expect.anything()],
  ['a document start and comments are fine', '# hi\n---\na: 1\n', { a: 1 }],
  ['an empty text is an empty value', '', null],
])('YAML: %s', (_, text, value) => {
  const parsed = parseYaml(text);
  expect(parsed.syntax).toStrictEqual([]);
  expect(parsed.value).toEqual(value);
});

test.each([
  ['a doubled key', 'a: 1\nb: 2\na: 3', '3:1 found the key "a" a second time'],
  ['a doubled key in flow form', '{ a: 1, a: 2 }', '1:9 found the key "a" a second time'],
  ['a merge key', 'a: &r { t: 1 }\nb:\n  <<: *r', '3:3 found a merge key "<<"'],
  ['a __proto__ key', 'a:\n  __proto__: { b: 1 }', '2:3 found the key "__proto__"'],
  ['a map as key', '? { a: 1 }\n: 2', '1:3 not YAML that can be read: With stringKeys'],
  ['an unknown tag', 'a: !!js/function "return 1"', '1:4 not YAML that can be read: Unresolved tag'],
  ['a known tag outside the core', 'a: !!binary aGk=', '1:4 not YAML that can be read: Unresolved tag'],
  ['an older version', '%YAML 1.1\n---\na: yes', '1:1 found YAML 1.1, want 1.2'],
  ['a second document', 'a: 1\n---\nb: 2', '2:1 found a second document'],
  ['a tab as indentation', 'a:\n\tb: 1', '2:1 not YAML that can be read: Tabs are not allowed'],
  ['an alias without anchor', 'a: *r', '1:4 found *r, want an anchor &r before it'],
  ['an alias inside what it names', 'a: &r [*r]', '1:8 found *r inside itself'],
  ['an unclosed quote', 'a: "b', '1:6 not YAML that can be read: Missing closing'],
  ['nested values on one line', 'a: b: c', '1:4 not YAML that can be read: Nested mappings'],
  ['65 levels of brackets', `${'['.repeat(65)}1${']'.repeat(65)}`, '1:65 found more than 64 levels'],
  ['65 levels of dashes', `${'- '.repeat(66)}1`, '1:131 found more than 64 levels'],
  [
    '65 levels of indentation',
    Array.from({ length: 66 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    '66:66 found more than 64 levels',
  ],
  ['a text of 70 kB', `a: ${'x'.repeat(70_000)}`, '1:4 found a text of 70000 characters'],
  ['a bomb of aliases', bomb(), expect.stringMatching(/found more than 100 aliases/) as unknown as string],
])('YAML with %s is refused, with its place', (_, text, expected) => {
  const [first] = parseYaml(text).syntax;
  const shown = `${first?.place.line}:${first?.place.column} ${first?.message}`;
  if (typeof expected === 'string') expect(shown.slice(0, expected.length)).toBe(expected);
  else expect(shown).toEqual(expected);
});

test.each([
  ['40 kB of brackets', '['.repeat(40_000)],
  ['40 kB of brackets after an error', `a: b: c\n${'['.repeat(40_000)}`],
  ['braces', '{'.repeat(60)],
  ['a megabyte of entries', `[${'1,'.repeat(500_000)}]`],
  ['a megabyte of keys', Array.from({ length: 80_000 }, (_, i) => `k${i}: 1`).join('\n')],
  ['a megabyte of empty lines', '\n'.repeat(1_000_000)],
  ['a megabyte of comments', '#\n'.repeat(500_000)],
  ['directives', '%\n'.repeat(200_000)],
  ['commas', `[${','.repeat(150_000)}`],
  ['quotes', '"'.repeat(200_000)],
  ['bad escapes', `a: "${'\\x'.repeat(30_000)}"`],
  ['anchors', '&a '.repeat(90_000)],
  ['question marks', '? '.repeat(50_000)],
])('YAML of %s ends soon and does not end the process', (_, text) => {
  const start = process.cpuUsage();
  const { syntax } = parseYaml(text);
  expect(syntax.length).toBeLessThanOrEqual(101);
  // CPU time, which other work on the machine does not stretch.
  expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
});

test('places are found through aliases, and of what is missing the nearest key is named', () => {
  const yaml = parseYaml('base: &r\n  min: 1\nuse:\n  - *r\nlist: [a, b]\nempty:\n');
  expect(yaml.place(['base', 'min'])).toEqual({ line: 2, column: 8 });
  expect(yaml.place(['base', 'min'], 'key')).toEqual({ line: 2, column: 3 });
  expect(yaml.place(['use', 0, 'min'])).toEqual({ line: 2, column: 8 });
  expect(yaml.place(['list', 1])).toEqual({ line: 5, column: 11 });
  expect(yaml.place(['list', 7])).toEqual({ line: 5, column: 1 });
  expect(yaml.place(['empty'])).toEqual({ line: 6, column: 1 });
  expect(yaml.place(['absent', 'deep'])).toEqual({ line: 1, column: 1 });
});

function bomb(): string {
  const levels = 'bcdefghi'.split('').map((name, index) => {
    return `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]`;
  });
  return ['a: &a [x, x, x, x, x, x, x, x, x]', ...levels].join('\n');
}
