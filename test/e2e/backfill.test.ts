import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pythonEnv } from '../../src/dev/tools.js';
import type { Split } from '../../src/domain/data.js';
import { LedgerLog } from '../../src/stores/ledger-log.js';
import { readManifestOf } from '../../src/stores/blobs.js';
import { startChildWorker, type ChildWorker } from '../support/child-worker.js';
import { toyDays } from '../support/toy-data.js';
import { exists, until } from '../support/until.js';
import { startWorld, type World } from '../support/world.js';

let world: World;
let worker: ChildWorker | undefined;
beforeAll(async () => {
  world = await startWorld({ worker: false });
});
afterAll(async () => {
  await worker?.stop();
  await world.stop();
});

it('runs past windows in order, survives kill -9, is cancelled in the middle and does the rest only; the champion stays', async () => {
  const { client } = world;
  const model = 'toy-backfill';
  // Each training says that it has begun, and waits until it is given a pass.
  const [begun, pass] = [join(world.folder, 'begun'), join(world.folder, 'pass')];
  const { python } = await pythonEnv();
  const script = `touch '${begun}'; until rm '${pass}' 2>/dev/null; do sleep 0.1; done; exec '${python}' -m perennial_trainer "$0"`;
  await world.applyToy(model, toyDays(24), { trainer: { command: ['sh', '-c', script] } });
  worker = await startChildWorker(world.environment);
  const trainingBegins = async () => {
    await until('training begins', () => exists(begun));
    await rm(begun);
  };
  const letTrain = () => writeFile(pass, '');

  await letTrain();
  await client.requestTraining(model);
  expect(await client.runResult(model, 1)).toMatchObject({ verdict: 'PROMOTE', champion: 1 });
  await rm(begun);

  const wanted = { from: '2026-01-12', to: '2026-01-21', every: '3d' };
  const { windows } = await client.backfill(model, wanted);
  expect(windows).toEqual(['2026-01-15T00:00:00.000Z', '2026-01-18T00:00:00.000Z', '2026-01-21T00:00:00.000Z']);
  await trainingBegins();
  await worker.kill();
  worker = await startChildWorker(world.environment);
  await trainingBegins();
  await letTrain();

  await trainingBegins();
  await client.cancelBackfill(model);
  await letTrain();
  await expect(client.backfillResult(model)).rejects.toThrow(CancelledFailure);
  expect((await client.backfillState(model)).done.map(({ run }) => run)).toEqual([2, 3]);

  await client.backfill(model, wanted);
  await trainingBegins();
  await letTrain();
  const result = await client.backfillResult(model);
  expect(result.windows.map(({ asOf, run }) => [asOf, run])).toEqual(windows.map((asOf, index) => [asOf, index + 2]));
  expect(result.windows.map(({ outcome }) => outcome)).not.toContain('FAILED');

  const records = (await client.runs(model)).toReversed();
  expect(records.map(({ asOf }) => asOf)).toEqual([undefined, ...windows]);
  for (const [index, { asOf, evidence, startedAt }] of records.entries()) {
    const { train, test } = await readManifestOf<Split>(world.store, 'split', evidence.split!);
    // The newest row is as old as the window, and no rows are left out that were there.
    if (asOf !== undefined) expect(test.to <= asOf && test.to > `${toyDays(1, 12 + 3 * (index - 1))[0]}`).toBe(true);
    expect(train.rows).toBe(2000);
    if (index > 0) expect(startedAt >= records[index - 1]!.finishedAt, 'one after the other').toBe(true);
  }
  const { entries, state } = await client.ledger(model);
  expect(entries.filter(({ decision }) => decision.kind === 'promote')).toHaveLength(1);
  expect(state.champion?.version).toBe(1);
  expect(await new LedgerLog(world.store, model).verify()).toEqual([]);
}, 240_000);
