import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PerennialClient } from '../../src/client.js';
import { defineModel } from '../../src/define-model.js';
import { manifestKey } from '../../src/domain/artifact.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { openStore } from '../../src/stores/index.js';
import type { ArtifactStore } from '../../src/stores/store.js';
import { testTemporal, type TestTemporal } from '../support/temporal.js';
import { toySpec } from '../support/toy-data.js';

let temporal: TestTemporal;
let folder: string;
let store: ArtifactStore;
let client: PerennialClient;
beforeAll(async () => {
  temporal = await testTemporal();
  folder = await mkdtemp(join(tmpdir(), 'perennial-apply-'));
  store = openStore(`folder:${join(folder, 'store')}`);
  client = new PerennialClient({ client: temporal.client, store });
});
afterAll(async () => {
  await store.close();
  await temporal.stop();
  await rm(folder, { recursive: true });
});

const apply = (changes: Partial<ModelSpecInput> = {}, prepareSql?: string) =>
  client.apply({
    spec: defineModel(toySpec('toy', folder, changes)),
    ...(prepareSql !== undefined && { prepareSql }),
  });

it('another spec over a model that is there: which parts changed, also while no worker runs', async () => {
  const first = await apply();
  expect(first).not.toHaveProperty('before');
  expect(await apply()).toStrictEqual({ ...first, loop: 'unchanged' });
  expect(await apply({ trainer: { parameters: { max_iter: 9 } } })).toMatchObject({
    loop: 'updated',
    before: { spec: first.spec, changed: ['trainer.parameters'] },
  });
});

it('of a spec before that is lost nothing is said but its digest', async () => {
  const first = await apply();
  await rm(join(folder, 'store', manifestKey('spec', first.spec)));
  const { loop, before } = await apply({ gate: { minimum: { rows: 7 } } });
  expect({ loop, before }).toStrictEqual({ loop: 'updated', before: { spec: first.spec } });
});
