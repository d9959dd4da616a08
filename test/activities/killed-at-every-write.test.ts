import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defineModel } from '../../src/define-model.js';
import type { Ref } from '../../src/domain/artifact.js';
import type { Snapshot } from '../../src/domain/data.js';
import { putManifest, readManifest } from '../../src/stores/blobs.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { workbench, type Workbench } from '../src/data/data-job.js';
import { toyDay, toyDays, toySpec } from '../support/toy-data.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

const PROGRAM = fileURLToPath(new URL('../fixtures/data-steps-killed.ts', import.meta.url));
/** At the same time: each is a process of its own, and waits for much of its life. */
const TOGETHER = 3;

interface Told {
  readonly writes: number;
  readonly ingest: Ref;
  readonly validate: Ref;
  readonly split: Ref;
}

it('kill -9 after any write of ingest, validate and split: the next attempt comes to the very same result', async () => {
  const data = bench.path('data');
  await mkdir(data);
  const days = toyDays(3);
  for (const day of days) await writeFile(join(data, `${day}.csv`), toyDay(day, { rows: 60 }));
  const spec = defineModel(toySpec('toy', data, { split: { by: 'time', train: '1d', validation: '1d', test: '1d' } }));

  const undisturbed = await (await place(spec)).run();
  expect(undisturbed.writes).toBeGreaterThan(days.length * 2);
  const kill = async (write: number) => {
    const { run, store } = await place(spec);
    await expect(run(write), `killed after write ${write}`).rejects.toMatchObject({ signal: 'SIGKILL' });
    const { writes: _, ...result } = await run();
    const { parts } = await readManifest<Snapshot>(store, result.ingest);
    expect(parts.map(({ object }) => object.id)).toEqual(days.map((day) => `${day}.csv`));
    const { writes: __, ...wanted } = undisturbed;
    expect(result, `killed after write ${write}`).toEqual(wanted);
  };
  for (let first = 1; first <= undisturbed.writes; first += TOGETHER) {
    const writes = Array.from({ length: TOGETHER }, (___, place) => first + place);
    await Promise.all(writes.filter((write) => write <= undisturbed.writes).map(kill));
  }
}, 240_000);

async function place(spec: object) {
  const folder = bench.path('place');
  await mkdir(folder);
  const store = new FolderStore(join(folder, 'store'));
  const ref = await putManifest(store, 'spec', { spec });
  const run = async (killAfter = 0): Promise<Told> => {
    const given = ['--import', 'tsx', PROGRAM, folder, JSON.stringify(ref), String(killAfter)];
    return JSON.parse((await promisify(execFile)(process.execPath, given)).stdout) as Told;
  };
  return { run, store };
}
