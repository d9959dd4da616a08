import { runKey, runPrefix } from '../domain/artifact.js';
import type { RunRecord } from '../domain/run.js';
import type { ArtifactStore } from './store.js';

/** Numbers of the runs of a model that left a record, oldest first. */
export async function recordedRuns(store: ArtifactStore, model: string): Promise<number[]> {
  const runs: number[] = [];
  for await (const { key } of store.list(runPrefix(model))) runs.push(Number(/(\d+)\.json$/.exec(key)?.[1]));
  return runs;
}

/**
 * The record of one run.
 * @throws {ArtifactMissingError} when it left none, or goes on
 */
export async function readRunRecord(store: ArtifactStore, model: string, run: number): Promise<RunRecord> {
  return JSON.parse((await store.read(runKey(model, run))).toString('utf8')) as RunRecord;
}
