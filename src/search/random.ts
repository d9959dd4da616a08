import { createHash } from 'node:crypto';
import type { Dimension, ParameterValue } from '../domain/search.js';
import { Random } from '../statistics/random.js';
import type { Sampler, SamplerInput } from './sampler.js';
import { choose, onStep, stepsOf } from './space.js';

/** Independent draws from every dimension: uniform, or uniform in the logarithm. */
export function randomSampler({ space, fixed, seed }: SamplerInput): Sampler {
  return {
    suggest(number) {
      const random = new Random(seedOf(seed, number));
      return choose(space, fixed, (_name, dimension) => draw(dimension, random.uniform()));
    },
  };
}

/** The seed of one trial: unlike that of its neighbours. */
function seedOf(seed: number, number: number): number {
  return createHash('sha256').update(`${seed}:${number}`).digest().readUInt32BE();
}

/** The value at a share (0 inclusive to 1 exclusive) of the dimension. */
function draw(dimension: Dimension, share: number): ParameterValue {
  if (dimension.type === 'categorical') {
    const value = dimension.values[Math.floor(share * dimension.values.length)];
    return value ?? ''; // the schema wants at least one
  }
  const { low, high, log, type } = dimension;
  // A whole number has the room of half a unit on both sides, so that the ends are as likely as the others.
  const half = type === 'int' ? 0.5 : 0;
  if (log) {
    const value = Math.exp(between(Math.log(low - (low > half ? half : 0)), Math.log(high + half), share));
    return within(low, high, type === 'int' ? Math.round(value) : value);
  }
  const step = dimension.step ?? (type === 'int' ? 1 : undefined);
  if (step !== undefined) return onStep(low, step, Math.floor(share * stepsOf(low, high, step)));
  return between(low, high, share);
}

function between(low: number, high: number, share: number): number {
  return low + (high - low) * share;
}

function within(low: number, high: number, value: number): number {
  return Math.min(high, Math.max(low, value));
}
