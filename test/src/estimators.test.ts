import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { pythonEnv } from '../../src/dev/tools.js';
import { BUILT_IN_ESTIMATORS, estimatorParameters, type EstimatorParameters } from '../../src/estimators.js';
import { estimatorsPage } from '../support/estimators-page.js';

interface Declared {
  readonly common: EstimatorParameters;
  readonly estimators: Readonly<Record<string, EstimatorParameters>>;
}

const fileOf = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** What the Python package of this checkout declares. */
async function declared(): Promise<Declared> {
  const { python } = await pythonEnv();
  const env = { PYTHONPATH: fileOf('python/src'), PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await promisify(execFile)(python, ['-m', 'perennial_trainer.estimators'], { env });
  return JSON.parse(stdout) as Declared;
}

// `npx vitest run test/src/estimators.test.ts -u` writes both files anew.
test('the shipped table and its page in the docs are what the Python package declares', async () => {
  const found = await declared();
  await expect(`${JSON.stringify(found, null, 2)}\n`).toMatchFileSnapshot(fileOf('src/estimators.json'));
  const page = estimatorsPage(found.estimators, found.common);
  await expect(page).toMatchFileSnapshot(fileOf('docs/estimators.md'));
  expect(BUILT_IN_ESTIMATORS).toEqual(Object.keys(found.estimators));
}, 60_000);

test('an estimator has parameters of its own and those of every estimator, and only a built-in one has any', () => {
  expect(estimatorParameters('lightgbm')).toHaveProperty('num_leaves');
  expect(estimatorParameters('lightgbm')).toHaveProperty('threads');
  expect(estimatorParameters('lightgmb')).toBeUndefined();
  expect(estimatorParameters('toString')).toBeUndefined();
});
