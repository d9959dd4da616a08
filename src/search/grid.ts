import type { Parameters } from '../domain/search.js';
import { Random } from '../statistics/random.js';
import type { Sampler, SamplerInput } from './sampler.js';
import { applies, gridOf, orderOf, type Space } from './space.js';

/** Grids with more points are refused. */
export const MOST_GRID_POINTS = 100_000;

/** Every point of the grid once, shuffled by the seed, so that a search which ends early has looked everywhere. */
export function gridSampler({ space, fixed, seed }: SamplerInput): Sampler {
  let points: Parameters[] | undefined;
  return {
    suggest(number) {
      points ??= shuffled([...gridPoints(space, fixed)], seed);
      return points[number];
    },
  };
}

/** The points of a grid: each combination of values of the dimensions that apply, once. At most one more than allowed. */
export function* gridPoints(space: Space, fixed: Readonly<Record<string, unknown>> = {}): Generator<Parameters> {
  const order = orderOf(space);
  let made = 0;
  function* from(place: number, chosen: Parameters): Generator<Parameters> {
    const name = order[place];
    const dimension = name === undefined ? undefined : space[name];
    if (name === undefined || !dimension) {
      made++;
      yield chosen;
    } else if (!applies(dimension, { ...fixed, ...chosen })) {
      yield* from(place + 1, chosen);
    } else {
      for (const value of gridOf(dimension) ?? []) {
        if (made > MOST_GRID_POINTS) return;
        yield* from(place + 1, { ...chosen, [name]: value });
      }
    }
  }
  yield* from(0, {});
}

function shuffled<T>(values: readonly T[], seed: number): T[] {
  const random = new Random(seed);
  const result = [...values];
  for (let place = result.length - 1; place > 0; place--) {
    const other = random.below(place + 1);
    // Both places are inside the list.
    [result[place], result[other]] = [result[other] as T, result[place] as T];
  }
  return result;
}
