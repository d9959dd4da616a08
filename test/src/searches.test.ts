import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manifestKey } from '../../src/domain/artifact.js';
import { NotFoundError } from '../../src/errors.js';
import { findSearch, newestSearched } from '../../src/searches.js';
import { openStore } from '../../src/stores/index.js';
import type { ArtifactStore } from '../../src/stores/store.js';
import { putStudy, recordRun } from '../support/studies.js';
import { testTemporal, type TestTemporal } from '../support/temporal.js';

let temporal: TestTemporal;
let folder: string;
let store: ArtifactStore;
let model: string;
let models = 0;

beforeAll(async () => {
  temporal = await testTemporal();
  folder = await mkdtemp(join(tmpdir(), 'perennial-searches-'));
  store = openStore(`folder:${join(folder, 'store')}`);
});
afterAll(async () => {
  await store.close();
  await temporal.stop();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  model = `toy-${++models}`;
});

const search = (run: number) => findSearch(temporal.client, store, model, run);

const ended = (run: number, study?: string) => recordRun(store, { model, run, ...(study !== undefined && { study }) });

describe('newestSearched', () => {
  it('is the newest run with a study, however many came after it', async () => {
    await ended(1, 'one');
    await ended(2, 'two');
    for (let run = 3; run < 60; run++) await ended(run);
    expect(await newestSearched(store, model)).toBe(2);
  });

  it('is none where no run has searched', async () => {
    expect(await newestSearched(store, model)).toBeUndefined();
    await ended(1);
    expect(await newestSearched(store, model)).toBeUndefined();
  });
});

describe('findSearch', () => {
  it('says of a run without a search which is the newest run that has one', async () => {
    await ended(1, 'one');
    await ended(2);
    const missing = search(2);
    await expect(missing).rejects.toThrow(NotFoundError);
    await expect(missing).rejects.toMatchObject({
      message: `Cannot show the search of run 2 of "${model}": it has none; the newest run that has one is 1`,
      fix: `perennial search show ${model} 1`,
    });
  });

  it('says so when no run of the model has one', async () => {
    await ended(1);
    await expect(search(1)).rejects.toMatchObject({
      message: expect.stringContaining('it has none; no run of this model has one') as unknown,
      fix: `perennial show ${model} 1`,
    });
  });

  it('tells the currency of the spec that was searched by, unless that spec is lost or nothing was paid', async () => {
    const { sha256, spec } = await putStudy(store, { model, run: 1 });
    await ended(1, sha256);
    expect(await search(1)).toMatchObject({ money: 0.5, currency: 'CHF' });
    await ended(2, (await putStudy(store, { model, run: 2, money: 0 })).sha256);
    expect(await search(2)).not.toHaveProperty('currency');
    await rm(join(folder, 'store', manifestKey('spec', spec)));
    expect(await search(1)).not.toHaveProperty('currency');
  });
});
