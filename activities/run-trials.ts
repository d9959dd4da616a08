import { AsyncResource } from 'node:async_hooks';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ref } from '../src/domain/artifact.js';
import { costOf } from '../src/domain/cost.js';
import type { Split } from '../src/domain/data.js';
import {
  betterOf,
  bestText,
  trialLogLine,
  type BestTrial,
  type Search,
  type Trial,
  type TrialChunk,
  type TrialRange,
} from '../src/domain/search.js';
import { trainerKind } from '../src/domain/trainer-kind.js';
import { ownSampler } from '../src/search/index.js';
import type { StoredSpec } from '../src/spec/spec.js';
import { putBlob, putManifest, readManifest } from '../src/stores/blobs.js';
import type { TrialsCallbacks, TrialsJob } from '../src/trainers/trainer.js';
import { AttemptLog } from './attempt-log.js';
import type { Work } from './cached.js';
import { prepareCode } from './code.js';
import type { ActivityDeps } from './deps.js';
import { lastingSignal } from './lasting-signal.js';
import { withScratch } from './scratch.js';
import type { SearchChunks } from '../src/stores/search-chunks.js';
import type { ArtifactStore, CallOptions } from '../src/stores/store.js';
import { TrialProgress } from './search-progress.js';
import { trialByTrial } from './search-trial.js';
import { findTrainer } from './train.js';
import { trainingJob } from './training-job.js';
import { TrainingLog } from './training-log.js';
import { trialsDone, type TrialsDone } from './trials-done.js';
import { withResources } from './with-resources.js';

export interface RunTrialsInput {
  readonly model: string;
  readonly run: number;
  readonly spec: Ref;
  readonly split: Ref;
  readonly search: Ref;
  /** The newest chunks that have ended: with those before them, all that the study knows. */
  readonly known: readonly Ref[];
  readonly trials: TrialRange;
  /** Wall time of one trial, in milliseconds. */
  readonly timeoutMs: number;
  /** ISO 8601: no trial begins after this. */
  readonly until?: string;
  /** What is left to spend: no trial begins when that is gone. */
  readonly money?: number;
}

/** A chunk takes no new trial after so many seconds: long against its own cost, short against a day's search. */
const CHUNK_SECONDS = 20;
/** How long storing the log of an attempt may take after it was asked to end. */
const STORING_MS = 20_000;

/** Runs trials of a search one after the other, as many as fit into the time of a chunk, and at least one. */
export function runTrials(chunks: SearchChunks): Work<RunTrialsInput, TrialsDone> {
  return async (deps, input, signal) => {
    const { store } = deps;
    const [stored, search] = await Promise.all([
      readManifest<StoredSpec>(store, input.spec, { signal }),
      readManifest<Search>(store, input.search, { signal }),
    ]);
    const progress = new TrialProgress(store, { signal });
    const trials = await progress.finished();
    const told = teller(search);
    const study = { stored, search, input };
    const said = new TrainingLog();
    const lasting = lastingSignal(signal, STORING_MS);
    let cpuSeconds = 0;
    const add = (trial: Trial) => {
      cpuSeconds += trial.cpuSeconds ?? 0;
      AttemptLog.current().uses({ cpuSeconds });
      trials.push(trial);
      told(trials);
      progress.add(trial);
    };
    try {
      // A warm host may call from where it was started, which may have been for another activity.
      await attempt(deps, chunks, study, [...trials], {
        signal,
        trial: AsyncResource.bind(add),
        log: (line, trial) => said.add(trialLogLine(trial, line)),
      });
    } catch (error) {
      await Promise.all([progress.handOver(), storeLog(store, said, { signal: lasting })]);
      throw error;
    }
    await progress.end();
    const log = await storeLog(store, said, { signal });
    const chunk: TrialChunk = { kind: 'trials', schemaVersion: 1, before: input.known, trials, ...(log && { log }) };
    const ref = await putManifest(store, 'trials', chunk, { signal });
    chunks.keep(ref, chunk);
    await progress.forget();
    return trialsDone(stored.spec, search, ref, trials);
  };
}

/** What came of the trials matters more than what they printed. */
async function storeLog(store: ArtifactStore, { text }: TrainingLog, options: CallOptions): Promise<Ref | undefined> {
  if (text === '') return undefined;
  const log = await putBlob(store, Buffer.from(text), options).catch(() => undefined);
  if (log) AttemptLog.current().wrote(log);
  return log;
}

interface StudyHere {
  readonly stored: StoredSpec;
  readonly search: Search;
  readonly input: RunTrialsInput;
}

/** Runs what an earlier attempt has not finished. */
async function attempt(
  deps: ActivityDeps,
  chunks: SearchChunks,
  { stored, search, input }: StudyHere,
  finished: readonly Trial[],
  callbacks: TrialsCallbacks,
): Promise<void> {
  const { store, cache } = deps;
  const { spec } = stored;
  const { signal } = callbacks;
  const trials = trialsToRun(search, input.trials, finished);
  const seconds = secondsLeft(spec, input, finished);
  if (trials.length === 0 || (seconds <= 0 && finished.length > 0)) return;
  const learns = ownSampler(search) === undefined || search.pruner.kind !== 'none';
  const [split, known] = await Promise.all([
    readManifest<Split>(store, input.split, { signal }),
    learns ? chunks.trials(store, [...search.known, ...input.known], { signal }) : [],
  ]);
  const { pythonVersion: _version, ...code } = await prepareCode(deps, stored, {
    signal,
    progress: (message) => AttemptLog.current().progress({ message }),
  });
  await withScratch(deps.scratchFolder, async (scratch) => {
    const folder = join(scratch, 'job');
    const [, train, validation] = await Promise.all([
      mkdir(folder),
      cache.file(split.train.ref, { signal }),
      cache.file(split.validation.ref, { signal }),
    ]);
    const common = trainingJob(spec, split, {
      ...code,
      folder,
      name: `${input.model}-${input.run}-search-${input.trials.from}`,
      data: { train, validation },
      parameters: search.fixed,
      timeoutMs: input.timeoutMs,
    });
    const trainer = findTrainer(deps.trainers, trainerKind(spec.trainer));
    const own = spec.trainer.command !== undefined || spec.trainer.entry !== undefined;
    const { gpus } = spec.trainer.resources;
    await withResources(deps, spec.trainer, signal, async (environment) => {
      if (gpus > 0) AttemptLog.current().uses({ gpus });
      const job: TrialsJob = {
        job: { ...common, environment: { ...environment, ...common.environment } },
        study: search,
        trials,
        known: [...known, ...finished],
        seconds,
        what: 'fit',
      };
      if (trainer.trials && !own) await trainer.trials(job, callbacks);
      else await trialByTrial(trainer, deps.trainers['python'], job, callbacks);
    });
  });
}

/** Those of the chunk that are not finished, with their parameters where no learning sampler has to be asked. */
function trialsToRun(search: Search, { from, count }: TrialRange, finished: readonly Trial[]) {
  const done = new Set(finished.map(({ number }) => number));
  const numbers = Array.from({ length: count }, (_, index) => from + index).filter((number) => !done.has(number));
  const sampler = ownSampler(search);
  const trials = numbers.map((number) => {
    const parameters = search.first[number] ?? sampler?.suggest(number - search.first.length);
    return { number, ...(parameters && { parameters }) };
  });
  // Of a grid that has no more points.
  return sampler ? trials.filter(({ parameters }) => parameters !== undefined) : trials;
}

/** How long trials may begin from now. What is left of the money counts as if all that was asked for were used. */
function secondsLeft({ trainer, cost }: StoredSpec['spec'], input: RunTrialsInput, finished: readonly Trial[]): number {
  const { cpus, gpus } = trainer.resources;
  const used = (cpuSeconds: number, seconds: number) => costOf({ cpuSeconds, wallMs: seconds * 1000, gpus }, cost);
  const perSecond = used(cpus, 1);
  const spent = finished.reduce((sum, trial) => sum + used(trial.cpuSeconds ?? trial.seconds, trial.seconds), 0);
  const byMoney = input.money === undefined || perSecond === 0 ? Infinity : (input.money - spent) / perSecond;
  const byTime = input.until === undefined ? Infinity : (Date.parse(input.until) - Date.now()) / 1000;
  return Math.max(0, Math.min(CHUNK_SECONDS, byMoney, byTime));
}

/** Shows in the heartbeat how many trials are done and which is best. */
function teller(search: Search): (trials: readonly Trial[]) => void {
  const log = AttemptLog.current();
  let best: BestTrial | undefined;
  return (trials) => {
    const { state, number, value } = trials.at(-1) ?? {};
    if (state === 'complete' && number !== undefined && value !== undefined)
      best = betterOf(best, { number, value }, search.direction);
    log.progress({ trials: trials.length, ...(best && { best: bestText(search, best) }) });
  };
}
