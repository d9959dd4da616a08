import type { RunRecord } from '../domain/run.js';
import { trialLogLine, type Study, type TrialChunk } from '../domain/search.js';
import { NotFoundError } from '../errors.js';
import { readManifestOf } from '../stores/blobs.js';
import { SearchChunks } from '../stores/search-chunks.js';
import type { ArtifactStore } from '../stores/store.js';

/**
 * What a trial of the search of a run has printed, line by line.
 * @throws {NotFoundError} when there is no such trial, or it has printed nothing
 */
export async function trialLog(store: ArtifactStore, record: RunRecord, trial: number): Promise<string[]> {
  const chunks = await chunksOf(store, record);
  const chunk = chunks.find(({ trials }) => trials.some(({ number }) => number === trial));
  const attempts = record.steps?.['search']?.attempts ?? [];
  // A search that failed has no study; and an attempt that was cut short has printed more than its chunk knows of.
  const logs = [chunk?.log, ...attempts.toReversed().map(({ log }) => log)];
  const start = trialLogLine(trial, '');
  for (const log of logs) {
    if (!log) continue;
    const lines = (await store.read(log.key, log)).toString('utf8').split('\n');
    const found = lines.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
    if (found.length > 0) return found;
  }
  throw nothingSaid(record, trial, chunks, chunk);
}

async function chunksOf(store: ArtifactStore, { evidence }: RunRecord): Promise<TrialChunk[]> {
  if (evidence.study === undefined) return [];
  const study = await readManifestOf<Study>(store, 'study', evidence.study);
  return await new SearchChunks().all(store, study.chunks);
}

function nothingSaid(
  { model, run }: RunRecord,
  trial: number,
  chunks: readonly TrialChunk[],
  chunk: TrialChunk | undefined,
): NotFoundError {
  const numbers = chunks.flatMap(({ trials }) => trials.map(({ number }) => number));
  const known = numbers.length === 0 ? 'no trial of it is known' : `it has the trials 0 to ${Math.max(...numbers)}`;
  const found = chunk ? 'no log of it is kept, or it printed nothing' : known;
  return new NotFoundError(
    `Cannot show the log of trial ${trial} in the search of run ${run} of "${model}": ${found}`,
    {
      fix: `perennial search show ${model} ${run}`,
      details: { model, run, trial },
    },
  );
}
