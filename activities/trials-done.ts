import type { Ref } from '../src/domain/artifact.js';
import { bestText, type Search, type Trial } from '../src/domain/search.js';
import { trialTotals, type TrialTotals } from '../src/domain/search-totals.js';
import type { StoredSpec } from '../src/spec/spec.js';

export interface TrialsDone extends TrialTotals {
  readonly message: string;
  readonly chunk: Ref;
}

/** What came of the trials of a chunk, for the workflow that goes on from it. */
export function trialsDone(spec: StoredSpec['spec'], search: Search, chunk: Ref, trials: readonly Trial[]): TrialsDone {
  const totals = trialTotals(spec, search, trials);
  const { best } = totals;
  const message = best ? `${trials.length} trials, best ${bestText(search, best)}` : `${trials.length} trials`;
  return { message, chunk, ...totals };
}
