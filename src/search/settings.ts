import type { Search, SearchPlan } from '../domain/search.js';
import { durationMs } from '../domain/duration.js';
import type { ModelSpec } from '../spec/spec.js';
import { gridPoints } from './grid.js';
import { directionOf } from './metric-direction.js';

/** Most trials of a chunk: its results are one object, read whole. */
const CHUNK = 500;

export interface SearchSettings extends Pick<
  Search,
  'sampler' | 'space' | 'pruner' | 'seed' | 'metric' | 'direction' | 'fixed'
> {
  readonly warm: { readonly champion: boolean; readonly studies: boolean };
  /** How many points the space has; absent when there is no end to them. */
  readonly points?: number;
}

/**
 * What a spec's search is about. Hyperparameters that a run gives itself are not searched.
 * @throws TypeError for a spec without a search
 */
export function searchSettings(spec: ModelSpec, parameters: Readonly<Record<string, unknown>> = {}): SearchSettings {
  const { search, trainer } = spec;
  if (!search) throw new TypeError('Cannot search: the spec has no search');
  const { metric, direction } = metricOf(spec);
  const fixed = { ...trainer.parameters, ...parameters };
  const space = Object.fromEntries(Object.entries(search.space).filter(([name]) => !Object.hasOwn(parameters, name)));
  return {
    sampler: search.sampler,
    space,
    pruner: search.pruner,
    seed: trainer.seed,
    metric,
    direction,
    fixed,
    warm: search.warmStart,
    ...(search.sampler === 'grid' && { points: [...gridPoints(space, fixed)].length }),
  };
}

/** The part of a run's plan that is about its search. */
export function searchPlan(spec: ModelSpec): SearchPlan | undefined {
  const { search, cost } = spec;
  if (!search) return undefined;
  const { sampler, trials, parallel, budget } = search;
  return {
    sampler,
    ...metricOf(spec),
    trials,
    parallel,
    chunk: CHUNK,
    ...(budget.time !== undefined && { timeMs: durationMs(budget.time) }),
    ...(budget.money !== undefined && { money: budget.money }),
    currency: cost.currency,
  };
}

function metricOf({ search, gate }: ModelSpec): Pick<Search, 'metric' | 'direction'> {
  const metric = search?.metric ?? gate.champion.metric;
  // The spec's checks want a direction for a metric that is not known.
  return { metric, direction: search?.direction ?? directionOf(metric) ?? 'minimize' };
}
