import type { Search } from '../domain/search.js';
import { gridSampler } from './grid.js';
import { randomSampler } from './random.js';
import type { Sampler, SamplerInput } from './sampler.js';

/** The samplers that need no Python; all others are Optuna's. */
const SAMPLERS: Readonly<Record<string, (input: SamplerInput) => Sampler>> = {
  random: randomSampler,
  grid: gridSampler,
};

/** Undefined: Optuna is asked. */
export function ownSampler({ sampler, ...input }: Pick<Search, 'sampler' | 'space' | 'fixed' | 'seed'>) {
  const make = Object.hasOwn(SAMPLERS, sampler) ? SAMPLERS[sampler] : undefined;
  return make?.(input);
}
