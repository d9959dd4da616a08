import type { Parameters } from '../domain/search.js';
import type { Space } from './space.js';

export interface SamplerInput {
  readonly space: Space;
  /** Hyperparameters that all trials have: dimensions may apply by them. */
  readonly fixed: Readonly<Record<string, unknown>>;
  readonly seed: number;
}

/**
 * Chooses hyperparameters by nothing but the number of the trial: the same everywhere, and no trial waits for another.
 * Samplers that learn from earlier trials are Optuna's.
 */
export interface Sampler {
  /** Undefined: there are no more. */
  suggest(number: number): Parameters | undefined;
}
