import { metricFacts, taskMetrics } from '../domain/metric-facts.js';
import type { Dimension } from '../domain/search.js';
import { gridPoints, MOST_GRID_POINTS } from '../search/grid.js';
import { directionOf } from '../search/metric-direction.js';
import { gridOf, isInside } from '../search/space.js';
import { builtInOf } from './estimator-rules.js';
import { spaceIssues } from './check-space.js';
import { didYouMean } from './issues.js';
import type { Loose, SpecParts } from './parts.js';
import { described, quoted, type SpecIssue, type SpecPath } from './path.js';
import type { SearchSpec } from './spec.js';

type Space = Readonly<Record<string, Dimension>>;
type LooseSearch = NonNullable<Loose<SearchSpec>>;

/**
 * The search: ranges that have values, and those that the trainer takes; conditions that can be met; and a sampler and a
 * metric that suit them.
 */
export function checkSearch(parts: SpecParts): SpecIssue[] {
  const { search, trainer } = parts;
  if (!search) return [];
  const space = wholeDimensions(search.space);
  const given = trainer?.parameters ?? {};
  const ranges = Object.entries(space).flatMap(([name, dimension]) =>
    rangeIssues(['search', 'space', name], dimension),
  );
  const doubled = Object.keys(space)
    .filter((name) => Object.hasOwn(given, name))
    .map((name) => ({
      path: ['search', 'space', name],
      message: 'found a value of its own under trainer.parameters, want it in one of the two',
      at: 'key' as const,
    }));
  const conditions = Object.entries(space).flatMap(([name, dimension]) => whenIssues(space, given, name, dimension));
  const builtIn = builtInOf(trainer);
  const sound = ranges.length + conditions.length === 0;
  return [
    ...ranges,
    ...doubled,
    ...conditions,
    ...(builtIn ? spaceIssues(space, builtIn) : []),
    ...cycleIssues(space),
    ...samplerIssues(search, space, sound),
    ...metricIssues(parts, search),
    ...moneyIssues(parts, search),
  ];
}

/** Those that the schema has accepted whole. */
function wholeDimensions(space: LooseSearch['space']): Space {
  const whole = Object.entries(space ?? {}).filter(
    ([, dimension]) =>
      dimension && ('values' in dimension ? dimension.values : 'low' in dimension && 'high' in dimension),
  );
  // Their required parts are there, as just seen.
  return Object.fromEntries(whole) as Space;
}

function rangeIssues(path: SpecPath, dimension: Dimension): SpecIssue[] {
  if (dimension.type === 'categorical') {
    const double = dimension.values.findIndex((value, index) => dimension.values.indexOf(value) !== index);
    if (double === -1) return [];
    return [{ path: [...path, 'values', double], message: `found ${described(dimension.values[double])} twice` }];
  }
  const { low, high, log, step } = dimension;
  if (low >= high) return [{ path: [...path, 'high'], message: `found ${high}, want more than low (${low})` }];
  const issues: SpecIssue[] = [];
  if (log && low <= 0)
    issues.push({ path: [...path, 'low'], message: `found ${low}, want more than 0, as log is set` });
  if (log && step !== undefined && step !== 1)
    issues.push({ path: [...path, 'step'], message: 'found a step beside log, want one of the two' });
  if (step !== undefined && step > high - low)
    issues.push({ path: [...path, 'step'], message: `found ${step}, want at most high - low (${high - low})` });
  return issues;
}

function whenIssues(
  space: Space,
  given: Readonly<Record<string, unknown>>,
  name: string,
  { when = {} }: Dimension,
): SpecIssue[] {
  return Object.entries(when).flatMap(([other, values]) => {
    const path = ['search', 'space', name, 'when', other];
    const decides = space[other];
    if (!decides && Object.hasOwn(given, other)) return [];
    if (!decides) {
      const known = Object.keys(space).filter((each) => each !== name);
      const message = `found no dimension ${quoted(other)}, want one of search.space${didYouMean(other, known)}`;
      return [{ path, message, at: 'key' as const }];
    }
    return values.flatMap((value, index) =>
      isInside(decides, value)
        ? []
        : [{ path: [...path, index], message: `found ${described(value)}, which ${quoted(other)} never is` }],
    );
  });
}

/** A dimension that decides, by way of others, whether it applies itself. */
function cycleIssues(space: Space): SpecIssue[] {
  const reaches = (from: string, to: string, seen: readonly string[] = []): boolean =>
    Object.keys(space[from]?.when ?? {}).some(
      (next) => next === to || (!seen.includes(next) && reaches(next, to, [...seen, next])),
    );
  return Object.keys(space)
    .filter((name) => reaches(name, name))
    .map((name) => ({
      path: ['search', 'space', name, 'when'],
      message: `found a condition that depends on ${quoted(name)} itself, want one that does not`,
    }));
}

function samplerIssues({ sampler }: LooseSearch, space: Space, sound: boolean): SpecIssue[] {
  const dimensions = Object.entries(space);
  if (sampler === 'cmaes' || sampler === 'qmc') {
    return dimensions.flatMap(([name, { type, when }]): SpecIssue[] => {
      const path = ['search', 'space', name];
      if (sampler === 'cmaes' && type === 'categorical')
        return [
          { path: [...path, 'type'], message: 'found categorical, which cmaes does not know, want numbers or tpe' },
        ];
      if (when && Object.keys(when).length > 0)
        return [{ path: [...path, 'when'], message: `found a condition, which ${sampler} does not know, want tpe` }];
      return [];
    });
  }
  if (sampler !== 'grid' || !sound) return [];
  const endless = dimensions.filter(([, dimension]) => gridOf(dimension) === undefined);
  if (endless.length > 0) {
    return endless.map(([name]) => ({
      path: ['search', 'space', name],
      message: 'found a float without a step, want a step, as a grid has an end',
    }));
  }
  let points = 0;
  for (const _ of gridPoints(space)) points++;
  if (points <= MOST_GRID_POINTS) return [];
  return [{ path: ['search', 'space'], message: `found a grid of more than ${MOST_GRID_POINTS} points, want fewer` }];
}

function metricIssues({ task, trainer }: SpecParts, { metric, direction }: LooseSearch): SpecIssue[] {
  if (metric === undefined) return [];
  const path = ['search', 'metric'];
  const own = trainer?.command !== undefined || trainer?.entry !== undefined || trainer?.activity !== undefined;
  const known: readonly string[] = task?.kind ? taskMetrics[task.kind].metrics : Object.keys(metricFacts);
  if (known.includes(metric)) return [];
  const isBuiltIn = !own && (trainer?.kind === undefined || trainer.kind === 'python' || trainer.kind === 'process');
  if (isBuiltIn) {
    const message = `found ${quoted(metric)}, want one of ${known.join(', ')}${didYouMean(metric, known)}`;
    return [{ path, message }];
  }
  if (direction !== undefined || directionOf(metric) !== undefined) return [];
  const message = `found ${quoted(metric)}, which only your trainer knows, want search.direction beside it`;
  return [{ path, message }];
}

function moneyIssues({ cost }: SpecParts, { budget }: LooseSearch): SpecIssue[] {
  if (budget?.money === undefined || !cost) return [];
  const { cpuHour = 0, gpuHour = 0 } = cost;
  if (cpuHour + gpuHour > 0) return [];
  return [
    { path: ['search', 'budget', 'money'], message: 'found no price of an hour, want cost.cpuHour or cost.gpuHour' },
  ];
}
