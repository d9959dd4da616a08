import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineModel } from '../../../src/define-model.js';
import { SpecInvalidError } from '../../../src/errors.js';
import { parseSpec } from '../../../src/spec/file.js';
import { EXAMPLE, EXAMPLE_YAML } from './example.js';

const RUNS = 1500;

/** Text that means something to YAML, to the schema, or to a machine that is not careful. */
const piece = fc.oneof(
  fc.constantFrom(...Array.from('[]{}:,-?&*!|>%@`"\'#~<\t\n\r \0\ufeff\u202e')),
  fc.constantFrom(
    '- ',
    ': ',
    '<<: *x',
    '&x ',
    '*x',
    '!!js/function ',
    '---\n',
    '__proto__: ',
    '.nan',
    '1e999',
    '\n  ',
    '${x}',
  ),
  fc.constantFrom(...(EXAMPLE_YAML.match(/\w+/g) ?? [])),
  fc.string({ maxLength: 20, unit: 'grapheme' }),
  fc.integer().map(String),
);

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.oneof(fc.constant(0), fc.nat(5), fc.nat(200)),
  put: fc.array(piece, { maxLength: 3 }).map((parts) => parts.join('')),
});

test('a spec text changed at random is valid or refused with problems, within a second, and nothing else', () => {
  const outcomes = { valid: 0, refused: 0 };
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      let text = EXAMPLE_YAML;
      for (const { at, remove, put } of mutations) {
        const from = Math.floor(at * text.length);
        text = text.slice(0, from) + put + text.slice(from + remove);
      }
      outcomes[judge(() => parseSpec(text))] += 1;
    }),
    { numRuns: RUNS },
  );
  // Both happen, so the test looks at both.
  expect(outcomes.valid).toBeGreaterThan(RUNS / 100);
  expect(outcomes.refused).toBeGreaterThan(RUNS / 2);
}, 120_000);

test('a spec object with a member changed at random is valid or refused with problems, and nothing else', () => {
  const places = placesOf(EXAMPLE, []);
  const value = fc.oneof(
    fc.anything({
      withDate: true,
      withBigInt: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
      maxDepth: 2,
    }),
    fc.constantFrom(-1, 0, 1e308, '', 'x'.repeat(10_000), [], {}, Symbol('s'), () => 1),
  );
  fc.assert(
    fc.property(fc.constantFrom(...places), value, (place, put) => {
      const input = structuredClone(EXAMPLE) as unknown as Record<string | number, unknown>;
      let holder = input;
      for (const part of place.slice(0, -1)) holder = holder[part] as Record<string | number, unknown>;
      holder[place.at(-1) ?? ''] = put;
      judge(() => defineModel(input as typeof EXAMPLE));
    }),
    { numRuns: RUNS },
  );
}, 120_000);

test('what is valid is the same when it is written as JSON and read again', () => {
  const spec = defineModel(EXAMPLE);
  expect(parseSpec(JSON.stringify(spec))).toStrictEqual(spec);
});

function judge(act: () => unknown): 'valid' | 'refused' {
  const start = process.cpuUsage();
  try {
    act();
    return 'valid';
  } catch (error) {
    if (!(error instanceof SpecInvalidError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { message } of error.problems) expect(message).toMatch(/\S/);
    return 'refused';
  } finally {
    // CPU time, which other work on the machine does not stretch.
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000);
  }
}

function placesOf(value: unknown, path: (string | number)[]): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inside = Object.entries(value).flatMap(([key, member]) => {
    return placesOf(member, [...path, Array.isArray(value) ? Number(key) : key]);
  });
  return path.length === 0 ? inside : [path, ...inside];
}
