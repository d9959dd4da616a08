import { costOf, type Rates } from './cost.js';
import {
  betterOf,
  type BestTrial,
  type Parameters,
  type Search,
  type Trial,
  type TrialCounts,
  type TrialState,
} from './search.js';

export interface TrialTotals {
  readonly counts: TrialCounts;
  readonly best?: BestTrial & { readonly parameters: Parameters };
  /** Of all trials together, as if one had followed the other. */
  readonly seconds: number;
  readonly money: number;
}

/** What trials came to together. */
export function trialTotals(
  { trainer, cost }: { readonly trainer: { readonly resources: { readonly gpus: number } }; readonly cost: Rates },
  { direction }: Pick<Search, 'direction'>,
  trials: readonly Trial[],
): TrialTotals {
  const count = (state: TrialState) => trials.filter((trial) => trial.state === state).length;
  const counts = { complete: count('complete'), pruned: count('pruned'), failed: count('failed') };
  const best = trials
    .flatMap(({ state, number, value, parameters }) =>
      state === 'complete' && value !== undefined ? [{ number, value, parameters }] : [],
    )
    .reduce<TrialTotals['best']>((a, b) => betterOf(a, b, direction), undefined);
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
