import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore } from '../../../src/stores/index.js';
import { putStudy, recordRun } from '../../support/studies.js';
import { testTemporal, type TestTemporal } from '../../support/temporal.js';
import { runCli } from './run-cli.js';

let temporal: TestTemporal;
let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  temporal = await testTemporal();
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-cli-'));
  env = { TEMPORAL_ADDRESS: temporal.address, PERENNIAL_STORE: `folder:${folder}` };
  const store = openStore(env['PERENNIAL_STORE'] ?? '');
  const { sha256: study } = await putStudy(store, { model: 'toy', run: 1 });
  await recordRun(store, { model: 'toy', run: 1, study });
  await recordRun(store, { model: 'toy', run: 2 });
  await store.close();
});
afterAll(async () => {
  await temporal.stop();
  await rm(folder, { recursive: true });
});

const show = (...words: string[]) => runCli(['search', 'show', ...words], { env });

test('without a run it takes the newest that has a search, and says what that cost', async () => {
  const { code, stdout } = await show('toy');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Search of toy, run 1: ended\n/);
  expect(stdout).toContain('  cost      0.50 CHF\n');
});

test('latest is the newest run: when that has no search, the answer names the run that has', async () => {
  const { code, stderr } = await show('toy', 'latest');
  expect(code).toBe(5);
  expect(stderr).toContain('search of run 2 of "toy": it has none; the newest run that has one is 1\n');
  expect(stderr).toContain('  fix: perennial search show toy 1\n');
});

test('a model that nobody knows is said so, whichever run is meant', async () => {
  for (const words of [['tyo'], ['tyo', 'latest']]) {
    const { code, stderr } = await show(...words);
    expect(code).toBe(5);
    expect(stderr).toContain('Cannot find model "tyo": no loop of that name runs here; did you mean "toy"?');
  }
});
