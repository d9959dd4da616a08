import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { decode } from '@temporalio/common/lib/encoding.js';
import { defineModel } from '../../src/define-model.js';
import type { Split } from '../../src/domain/data.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { putBlob, putManifest } from '../../src/stores/blobs.js';
import { onePartSplit, TOY_COLUMNS } from './one-part-split.js';
import type { DoneSteps, StartedTraining } from './step-training.js';
import { toyDay, toySpec } from './toy-data.js';
import type { TrainingWorkers } from './training-workers.js';
import type { World } from './world.js';

export interface EstimatorTraining {
  /** Starts a training by a shipped estimator. */
  start(name: string, trainer: ModelSpecInput['trainer']): Promise<StartedEstimator>;
}

export interface StartedEstimator extends StartedTraining {
  /** What the last heartbeat says; undefined while nothing is known. */
  progress(): Promise<{ readonly step?: number; readonly message?: string } | undefined>;
}

/** Trainings of the toy shop by the estimators that people use, one after the other. */
export async function estimatorTraining(world: World, workers: TrainingWorkers): Promise<EstimatorTraining> {
  const split = await putManifest(world.store, 'split', await toySplit(world));
  return {
    async start(name, trainer) {
      const before = new Set(await scratchFolders(world));
      const input = {
        model: name,
        run: 1,
        spec: await putManifest(world.store, 'spec', { spec: defineModel(toySpec(name, world.folder, { trainer })) }),
        split,
        timeoutMs: 600_000,
      };
      const handle = await workers.train(name, input);
      return {
        workflowId: name,
        result: () => handle.result(),
        async attempts() {
          const own = (await scratchFolders(world)).filter((folder) => !before.has(folder));
          return (await Promise.all(own.map(readTraces))).filter((found) => found !== undefined);
        },
        async progress() {
          const { raw } = await handle.describe();
          const [details] = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads ?? [];
          if (!details?.data) return undefined;
          return (JSON.parse(decode(details.data)) as { progress?: { step?: number; message?: string } }).progress;
        },
      };
    },
  };
}

/** Those of trainings that are under way or were killed, on all machines, in the order of the attempts. */
async function scratchFolders(world: World): Promise<string[]> {
  const machines = (await readdir(world.folder)).filter((name) => name.startsWith('machine-'));
  const found = await Promise.all(
    machines.map(async (machine) => {
      const folder = join(world.folder, machine, 'scratch');
      return (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
    }),
  );
  const attempt = (folder: string) => Number(/perennial-train-(\d+)-[^/]*$/.exec(folder)?.[1]);
  return found.flat().toSorted((one, other) => attempt(one) - attempt(other));
}

/** What a trainer has left on its machine: the points that came with its checkpoints, and those that were not stored. */
async function readTraces(folder: string): Promise<DoneSteps | undefined> {
  const file = await readFile(join(folder, 'job', 'job.json'), 'utf8').catch(() => '');
  // It may be being written.
  if (!file.endsWith('}\n')) return undefined;
  const after = (JSON.parse(file) as { resume?: { step: number } }).resume?.step ?? 0;
  const points = await readFile(join(folder, 'points.csv'), 'utf8').catch(() => '');
  const checkpoints = await readdir(join(folder, 'job', 'checkpoints')).catch(() => []);
  const steps = [
    ...points.split('\n').map((line) => Number.parseInt(line, 10)),
    ...checkpoints.map((name) => Number(/^step-(\d+)$/.exec(name)?.[1])),
  ];
  return { after, did: [...new Set(steps)].filter((step) => step > after).toSorted((one, other) => one - other) };
}

async function toySplit(world: World): Promise<Split> {
  const [csv, parquet] = [join(world.folder, 'rows.csv'), join(world.folder, 'rows.parquet')];
  await writeFile(csv, toyDay('2026-01-01', { rows: 2000 }));
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`COPY (FROM read_csv('${csv}')) TO '${parquet}' (FORMAT parquet)`);
  connection.closeSync();
  const ref = await putBlob(world.store, await readFile(parquet));
  return onePartSplit(ref, 2000, TOY_COLUMNS);
}
