import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Trial } from '../src/domain/search.js';
import { PerennialError, TrainerFailedError } from '../src/errors.js';
import { prunerRule } from '../src/search/pruner.js';
import type { Trainer, TrainingOutput, TrialsCallbacks, TrialsJob } from '../src/trainers/trainer.js';
import { TrialPoints } from './trial-points.js';

/** Why a trial that is worse than others was ended. */
class Pruned extends Error {}

/**
 * Runs each trial as a training of its own, by trainers that know nothing of searches. Its value is what the trainer says
 * at the end; what it says on the way is what the pruner looks at.
 *
 * @param python the trainer that asks Optuna
 */
export async function trialByTrial(
  trainer: Trainer,
  python: Trainer | undefined,
  job: TrialsJob,
  callbacks: TrialsCallbacks,
): Promise<void> {
  const until = performance.now() + job.seconds * 1000;
  const known = [...job.known];
  for (const { number, parameters } of job.trials) {
    const asked = parameters
      ? { parameters }
      : await ask(python, { ...job, trials: [{ number }], known, what: 'ask' }, callbacks.signal);
    const trial = await runOne(trainer, job, { number, ...asked }, known, callbacks);
    known.push(trial);
    callbacks.trial(trial);
    if (performance.now() >= until) return;
  }
}

async function ask(
  python: Trainer | undefined,
  job: TrialsJob,
  signal: AbortSignal,
): Promise<Pick<Trial, 'parameters' | 'notes'>> {
  let asked: Trial | undefined;
  // An interpreter for the user's own code need not know Optuna.
  const { python: _python, ...common } = job.job;
  await python?.trials?.({ ...job, job: common }, { signal, trial: (trial) => (asked = trial) });
  if (asked) return { parameters: asked.parameters, ...(asked.notes && { notes: asked.notes }) };
  throw new TrainerFailedError(`Cannot ask the sampler "${job.study.sampler}": this worker has no Python trainer`, {
    fix: 'Use search.sampler random or grid, or a worker with the built-in trainers.',
  });
}

async function runOne(
  trainer: Trainer,
  { job, study }: TrialsJob,
  { number, parameters, notes }: Pick<Trial, 'number' | 'parameters' | 'notes'>,
  known: readonly Trial[],
  { signal, log }: TrialsCallbacks,
): Promise<Trial> {
  const pruner = prunerRule(study.pruner, study.direction);
  const points = new TrialPoints();
  const pruning = new AbortController();
  const point = (step: number, values: Readonly<Record<string, number>>): void => {
    const isNew = points.add(step, values[study.metric]);
    if (isNew && pruner?.stops(points.kept, known)) pruning.abort(new Pruned());
  };
  const started = performance.now();
  let cpuSeconds: number | undefined;
  const end = (rest: Pick<Trial, 'state'> & Partial<Trial>): Trial => ({
    number,
    parameters,
    ...rest,
    ...(points.kept.length > 0 && { points: points.kept }),
    seconds: Math.round(performance.now() - started) / 1000,
    ...(cpuSeconds !== undefined && { cpuSeconds }),
    ...(notes && { notes }),
  });
  const folder = join(job.folder, `trial-${number}`);
  try {
    await mkdir(folder);
    const merged = { ...job, folder, name: `${job.name}-${number}`, parameters: { ...job.parameters, ...parameters } };
    const either = AbortSignal.any([signal, pruning.signal]);
    const output = await trainer.train(merged, {
      signal: either,
      progress: () => undefined,
      point,
      ...(log && { log: (line) => log(line, number) }),
      // Of trials that fail, too.
      usage: (used) => {
        ({ cpuSeconds } = used);
      },
    });
    cpuSeconds = output.usage.cpuSeconds;
    return end(valueOf(study.metric, output));
  } catch (error) {
    signal.throwIfAborted();
    const value = points.kept.at(-1)?.[1];
    if (error instanceof Pruned) return end({ state: 'pruned', ...(value !== undefined && { value }) });
    // Trainings that fail are an answer about their parameters; anything else is about this worker.
    if (error instanceof PerennialError && error.next === 'fail')
      return end({ state: 'failed', reason: error.message.slice(0, REASON_LENGTH) });
    throw error;
  } finally {
    // Its model is not kept.
    await rm(folder, { recursive: true, force: true });
  }
}

const REASON_LENGTH = 500;

function valueOf(metric: string, { metrics }: TrainingOutput): Pick<Trial, 'state' | 'value' | 'metrics' | 'reason'> {
  const value = metrics[metric];
  if (value !== undefined) return { state: 'complete', value, metrics };
  const found = Object.keys(metrics).join(', ') || 'nothing';
  return { state: 'failed', reason: `it did not measure ${metric} (it measured ${found})`, metrics };
}
