import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ref } from '../src/domain/artifact.js';
import { bestText, betterOf, type Search, type SearchState, type Study, type Trial } from '../src/domain/search.js';
import { quoteFile } from '../src/data/sql-text.js';
import { withDuckDb } from '../src/data/duckdb.js';
import { SearchFailedError } from '../src/errors.js';
import { putBlob, putManifest, readManifest } from '../src/stores/blobs.js';
import type { CachedStepName } from './cache-code.js';
import { keepAs } from './cached.js';
import { searchStep } from './cached-steps.js';
import type { ActivityDeps } from './deps.js';
import { withScratch } from './scratch.js';
import type { OpenSearchInput } from './search-open.js';
import type { SearchChunks } from '../src/stores/search-chunks.js';

export type CloseSearchInput = OpenSearchInput &
  Pick<SearchState, 'chunks' | 'counts' | 'seconds' | 'money'> & { readonly search: Ref };

export interface SearchClosed {
  readonly message: string;
  readonly study: Ref;
  readonly best: Study['best'];
}

/**
 * Ends a study: which trial is best, and all metric points of all trials as one file. The next search on the same rows
 * finds it.
 *
 * @param code see `cached`
 */
export function closeSearch(chunks: SearchChunks, code: (step: CachedStepName) => Promise<string>) {
  return async (deps: ActivityDeps, input: CloseSearchInput, signal: AbortSignal): Promise<SearchClosed> => {
    const { store } = deps;
    const [{ metric, direction }, trials] = await Promise.all([
      readManifest<Search>(store, input.search, { signal }),
      chunks.trials(store, input.chunks, { signal }),
    ]);
    const complete = trials.flatMap(({ state, number, value, parameters }) =>
      state === 'complete' && value !== undefined ? [{ number, value, parameters }] : [],
    );
    const best = complete.reduce<Study['best'] | undefined>((a, b) => betterOf(a, b, direction), undefined);
    if (!best) throw nothingFound(input, metric, trials);
    const points = await putPoints(deps, metric, trials, signal);
    const study: Study = {
      kind: 'study',
      schemaVersion: 1,
      model: input.model,
      run: input.run,
      search: input.search,
      chunks: input.chunks,
      counts: input.counts,
      best,
      seconds: input.seconds,
      money: input.money,
      points,
    };
    const ref = await putManifest(store, 'study', study, { signal });
    const message = `${trials.length} trials, best ${bestText({ metric }, best)}`;
    const { model, run, spec, split, parameters } = input;
    const opened = { model, run, spec, split, ...(parameters && { parameters }) };
    const done = { study: ref, best, chunks: input.chunks, counts: input.counts };
    const unkept = await keepAs(
      searchStep,
      code,
      { deps, input: opened, signal },
      { message, search: input.search, done },
    );
    return { message: [message, unkept].filter(Boolean).join('; '), study: ref, best };
  };
}

/** Writes the metric at each step of each trial, and all metrics at its end, as Parquet. */
async function putPoints(
  deps: ActivityDeps,
  metric: string,
  trials: readonly Trial[],
  signal: AbortSignal,
): Promise<Ref> {
  return await withScratch(deps.scratchFolder, async (folder) => {
    const lines = join(folder, 'points.jsonl');
    const parquet = join(folder, 'points.parquet');
    await writeFile(lines, trials.flatMap((trial) => pointLines(metric, trial)).join('\n'));
    await withDuckDb({ folders: [folder], tempFolder: folder, signal }, async (db) => {
      const columns = `{trial: 'INTEGER', step: 'INTEGER', metric: 'VARCHAR', value: 'DOUBLE'}`;
      const rows = `SELECT * FROM read_json(${quoteFile(lines)}, format = 'newline_delimited', columns = ${columns})`;
      await db.run(`COPY (${rows} ORDER BY ALL) TO ${quoteFile(parquet)} (FORMAT parquet)`);
    });
    return await putBlob(deps.store, { path: parquet }, { signal });
  });
}

/** At the end the step is that of the last point, 0 where there was none. */
function pointLines(metric: string, { number, points = [], metrics = {} }: Trial): string[] {
  const last = points.at(-1)?.[0] ?? 0;
  const line = (step: number, name: string, value: number) =>
    JSON.stringify({ trial: number, step, metric: name, value });
  const ends = Object.entries(metrics).filter(([name]) => name !== metric || points.at(-1)?.[1] !== metrics[metric]);
  return [
    ...points.map(([step, value]) => line(step, metric, value)),
    ...ends.map(([name, value]) => line(last, name, value)),
  ];
}

/** Reasons that are told. */
const TOLD = 3;

function nothingFound({ model, run }: CloseSearchInput, metric: string, trials: readonly Trial[]): SearchFailedError {
  const reasons = [...new Set(trials.flatMap(({ reason }) => reason ?? []))].slice(0, TOLD);
  const found = trials.length === 0 ? 'no trial could begin' : `none of ${trials.length} trials gave ${metric}`;
  const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  return new SearchFailedError(`Cannot choose hyperparameters for ${model}: ${found}${why}`, {
    fix: `perennial search show ${model} ${run}`,
    details: { reasons },
  });
}
