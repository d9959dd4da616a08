import type { Sha256 } from '../src/domain/artifact.js';
import type { StepMaterial } from '../src/stores/step-cache.js';
import { evaluateFacts, searchFacts, splitFacts, trainFacts } from './cache-keys.js';
import type { CachedStep } from './cached.js';
import { evaluate, evaluatedAgain, type Evaluated, type EvaluateInput } from './evaluate.js';
import { openSearch, type OpenSearchInput, type SearchOpened } from './search-open.js';
import { split, type SplitDone, type SplitInput } from './split.js';
import { train, type Trained, type TrainInput } from './train.js';

export const splitStep: CachedStep<SplitInput, SplitDone> = { name: 'split', work: split, facts: splitFacts };

/** Opened, a search is not done: whoever closes it keeps the study as what the next one is to find. */
export const searchStep: CachedStep<OpenSearchInput, SearchOpened> = {
  name: 'search',
  work: openSearch,
  facts: searchFacts,
  fits: ({ done }) => done !== undefined,
};

export const trainStep: CachedStep<TrainInput, Trained> = {
  name: 'train',
  work: train,
  facts: trainFacts,
  fits: ({ champion }, { inputs }) => champion === inputs['champion'],
};

/**
 * The first run after a promotion measures the new champion against itself. It was measured a moment ago, beside the one
 * before it: so each evaluation is kept under its candidate alone as well.
 */
export const evaluateStep: CachedStep<EvaluateInput, Evaluated> = {
  name: 'evaluate',
  work: evaluate,
  facts: evaluateFacts,
  fits: ({ champion }, material) => champion === championOf(material).version,
  alike: {
    material: (material) => ({ ...material, inputs: { ...material.inputs, champion: 'any' } }),
    serves: ({ bundle }, material) => championOf(material).bundle === bundle.sha256,
    adapt: evaluatedAgain,
  },
};

/** As `evaluateFacts` puts it there. */
function championOf({ inputs }: StepMaterial) {
  return inputs['champion'] as { readonly version: number; readonly bundle: Sha256 | null };
}
