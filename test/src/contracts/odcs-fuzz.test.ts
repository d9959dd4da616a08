import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileOdcs } from '../../../src/contracts/compile-odcs.js';
import { diffContracts } from '../../../src/contracts/diff.js';
import type { OdcsDocument } from '../../../src/contracts/odcs.js';
import { checkOdcs } from '../../../src/contracts/odcs-schema.js';
import { toFrictionless } from '../../../src/contracts/to-frictionless.js';
import { odcs } from './odcs-example.js';

const PATHS = pathsOf(odcs());
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    'mustBe',
    'percent',
    '{object}',
    '(?<=x)',
    [null],
    {},
    -1,
    1e300,
    'perennial',
    'date',
    'custom',
    'sql',
  ),
);

test('a contract with a part changed at random is refused with problems or read, and nothing else', async () => {
  const whole = compileOdcs(odcs()).contract;
  let read = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...PATHS), anything, fc.boolean(), async (path, value, isRemoved) => {
      const document = changed(odcs(), path, isRemoved ? undefined : value);
      const issues = await checkOdcs(document);
      for (const { message } of issues) expect(message).toMatch(/^found /);
      if (issues.length > 0) return;
      read += 1;
      const { contract, problems, notes } = compileOdcs(document as OdcsDocument, { sources: ['web-orders'] });
      for (const { message } of problems) expect(message).toMatch(/^found /);
      for (const { message } of notes) expect(message).not.toContain('undefined');
      for (const { checks } of Object.values(contract.tables)) {
        expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
      }
      diffContracts(whole, contract);
      for (const object of (document as OdcsDocument).schema ?? []) toFrictionless(object);
    }),
    { numRuns: Number(process.env['PERENNIAL_FUZZ_RUNS'] ?? 500) },
  );
  expect(read).toBeGreaterThan(20);
}, 120_000);

function pathsOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [...(path.length > 0 ? [path] : []), ...entries.flatMap(([key, each]) => pathsOf(each, [...path, key]))];
}

function changed(value: unknown, [key, ...rest]: readonly (string | number)[], to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(value)) {
    const list: readonly unknown[] = value;
    return list.flatMap((each, index) => {
      if (index !== key) return [each];
      const now = changed(each, rest, to);
      return now === undefined ? [] : [now];
    });
  }
  const { [String(key)]: old, ...others } = value as Record<string, unknown>;
  const now = changed(old, rest, to);
  return now === undefined ? others : { ...others, [String(key)]: now };
}
