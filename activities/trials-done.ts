import type { Ref } from '../src/domain/artifact.js';
import { costOf, type Rates } from '../src/domain/cost.js';
import {
  betterOf,
  bestText,
  type BestTrial,
  type Parameters,
  type Search,
  type Trial,
  type TrialCounts,
  type TrialState,
} from '../src/domain/search.js';
import type { StoredSpec } from '../src/spec/spec.js';

export interface TrialsDone {
  readonly message: string;
  readonly chunk: Ref;
  readonly counts: TrialCounts;
  readonly best?: BestTrial & { readonly parameters: Parameters };
  readonly seconds: number;
  readonly money: number;
}

/** What came of the trials of a chunk, for the workflow that goes on from it. */
export function trialsDone(spec: StoredSpec['spec'], search: Search, chunk: Ref, trials: readonly Trial[]): TrialsDone {
  const totals = trialTotals(spec, search, trials);
  const { best } = totals;
  const message = best ? `${trials.length} trials, best ${bestText(search, best)}` : `${trials.length} trials`;
  return { message, chunk, ...totals };
}

/** What trials came to together. */
export function trialTotals(
  { trainer, cost }: { readonly trainer: { readonly resources: { readonly gpus: number } }; readonly cost: Rates },
  { direction }: Pick<Search, 'direction'>,
  trials: readonly Trial[],
): Omit<TrialsDone, 'message' | 'chunk'> {
  const count = (state: TrialState) => trials.filter((trial) => trial.state === state).length;
  const counts = { complete: count('complete'), pruned: count('pruned'), failed: count('failed') };
  const best = trials
    .flatMap(({ state, number, value, parameters }) =>
      state === 'complete' && value !== undefined ? [{ number, value, parameters }] : [],
    )
    .reduce<TrialsDone['best']>((a, b) => betterOf(a, b, direction), undefined);
  const total = (of: (trial: Trial) => number) => trials.reduce((sum, trial) => sum + of(trial), 0);
  const seconds = total((trial) => trial.seconds);
  const cpuSeconds = total((trial) => trial.cpuSeconds ?? trial.seconds);
  return {
    counts,
    ...(best && { best }),
    seconds: round(seconds),
    money: costOf({ wallMs: seconds * 1000, cpuSeconds, gpus: trainer.resources.gpus }, cost),
  };
}

function round(seconds: number): number {
  return Math.round(seconds * 1e3) / 1e3;
}
