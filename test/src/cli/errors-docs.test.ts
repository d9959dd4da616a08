import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { RUN_CODES } from '../../../src/domain/run.js';
import * as errors from '../../../src/errors.js';
import { docsFor } from '../../../src/cli/report-error.js';

const CLASS_CODES = Object.values(errors)
  .filter((value) => typeof value === 'function' && value !== errors.PerennialError)
  .map((value) => {
    const ErrorClass = value as unknown as new (message: string, problems: readonly []) => errors.PerennialError;
    return new ErrorClass('', []).code;
  });

/** With those that only a run gives itself. */
const CODES = [...new Set([...CLASS_CODES, ...Object.values(RUN_CODES)])];

const text = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const sections = text.split(/^## /m).slice(1);

test('every error code has a section in the docs, and no section is about a code that is gone', () => {
  const titles = sections.map((section) => section.split('\n')[0] ?? '').filter((title) => title !== 'Anything else');
  expect(CODES.length).toBeGreaterThan(20);
  expect(titles.toSorted()).toStrictEqual(CODES.toSorted());
});

test('every section says what the code means and what to do', () => {
  for (const section of sections) expect(section.length, section).toBeGreaterThan(120);
  for (const section of sections) expect(section, section).toMatch(/What to do:|report what it prints/);
});

test('the place that an error points to is the anchor of its section', () => {
  for (const code of CODES) {
    const anchor = code.toLowerCase().replaceAll(/[^a-z0-9_ -]/g, '');
    expect(docsFor(code)).toBe(`docs/errors.md#${anchor}`);
  }
});

test('the comment on every error class names its code', async () => {
  const source = await readFile(new URL('../../../src/errors.ts', import.meta.url), 'utf8');
  for (const code of CLASS_CODES) expect(source).toContain(`/** ${code}: `);
});
