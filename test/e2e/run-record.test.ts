import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { costOf } from '../../src/domain/cost.js';
import type { ModelBundle } from '../../src/domain/model.js';
import type { RunRecord } from '../../src/domain/run.js';
import { readManifestOf } from '../../src/stores/blobs.js';
import { runCli } from '../src/cli/run-cli.js';
import { workbench } from '../src/data/data-job.js';
import { binaryModel } from '../support/onnx-models.js';
import { toyDays } from '../support/toy-data.js';
import { startWorld, type World } from '../support/world.js';

const COST = { currency: 'EUR', cpuHour: 36, memoryGibHour: 3600, gpuHour: 7200, gib: 1024 } as const;

let world: World;
let record: RunRecord;
beforeAll(async () => {
  world = await startWorld();
  const base = join(world.folder, 'base.onnx');
  const notes = join(world.folder, 'notes');
  const texts = { channel: { mail: 1.5 } };
  await writeFile(base, binaryModel({ weights: { price: -0.05, visits: 0.3 }, texts }).onnx);
  await writeFile(notes, '');
  await world.applyToy('recorded', toyDays(14), {
    cost: COST,
    trainer: {
      command: [process.execPath, fileURLToPath(new URL('../fixtures/step-trainer.mjs', import.meta.url))],
      checkpointEvery: 5,
      parameters: { steps: 12, stepMs: 5, base, notes },
    },
  });
  await world.client.requestTraining('recorded');
  await world.client.runResult('recorded', 1);
  record = await world.client.run('recorded', 1);
});
afterAll(() => world?.stop());

it('tells of each step who did it and what it used, and what that costs', () => {
  const steps = record.steps ?? {};
  expect(Object.keys(steps).toSorted()).toEqual(
    ['deploy', 'evaluate', 'ingest', 'judge', 'promote', 'register', 'split', 'train', 'validate'].toSorted(),
  );
  for (const { attempts } of Object.values(steps)) {
    expect(attempts).toMatchObject([{ attempt: 1, end: 'done', worker: expect.stringMatching(/^\d+@/) }]);
  }
  const [training] = steps['train']?.attempts ?? [];
  expect(training).toMatchObject({ steps: { done: 12, repeated: 0 } });
  expect(training?.usage.peakMemoryBytes).toBeGreaterThan(10 * 2 ** 20);
  expect(training?.usage.bytesWritten).toBeGreaterThan(500);
  const { currency, total, byStep } = record.cost!;
  expect(currency).toBe('EUR');
  expect(byStep['train']).toBeCloseTo(costOf(training!.usage, COST), 5);
  expect(total).toBeCloseTo(
    Object.values(byStep).reduce((sum, money) => sum + money, 0),
    5,
  );
});

it('tells what trained the model, and keeps its points as one file', async () => {
  expect(record.training).toMatchObject({
    seed: 7,
    machine: { platform: process.platform, arch: process.arch, node: process.versions.node },
  });
  const bundle = await readManifestOf<ModelBundle>(world.store, 'bundle', record.evidence.bundle!);
  const bench = await workbench();
  try {
    const file = bench.path('points.parquet');
    await writeFile(file, await world.store.read(bundle.points!.key, bundle.points));
    const rows = await bench.query(`SELECT step::INT, metric, value FROM read_parquet('${file}')`);
    expect(rows).toHaveLength(12);
    expect(rows[3]).toEqual([4, 'loss', 0.25]);
  } finally {
    await bench.close();
  }
});

it('is shown as a table, and the log of the trainer is printed', async () => {
  const shown = await runCli(['show', 'recorded', '1'], { env: world.environment });
  expect(shown.stdout).toMatch(/STEP +ATTEMPTS +WALL +CPU +MEMORY +READ +WRITTEN +EUR/);
  expect(shown.stdout).toMatch(/\n *train +1 /);
  const log = await runCli(['logs', 'recorded', '1'], { env: world.environment });
  expect(log.stdout).toMatch(/^begins after step 0\ndid step 1\n[^]*did step 12\n$/);
  const none = await runCli(['logs', 'recorded', '1', '--attempt', '2'], {
    env: world.environment,
  });
  expect(none.code).not.toBe(0);
  expect(none.stderr).toContain('attempts with a log: 1');
});
