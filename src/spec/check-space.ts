import type { Dimension } from '../domain/search.js';
import type { EstimatorParameter } from '../estimators.js';
import { fits, parameterOf, unknownParameter, wantedValue, type BuiltIn } from './estimator-rules.js';
import { described, type SpecIssue, type SpecPath } from './path.js';

type Range = Exclude<Dimension, { readonly type: 'categorical' }>;

/**
 * A search space of a built-in estimator: dimensions that it knows, and ranges and choices of which it takes every value.
 * A conditional dimension is held to the same: once it applies, it must be right.
 */
export function spaceIssues(space: Readonly<Record<string, Dimension>>, builtIn: BuiltIn): SpecIssue[] {
  return Object.entries(space).flatMap(([name, dimension]) => {
    const path = ['search', 'space', name];
    const parameter = parameterOf(builtIn, name);
    if (!parameter) return [unknownParameter(path, name, builtIn)];
    if (dimension.type !== 'categorical') return rangeIssues(path, dimension, parameter);
    return dimension.values.flatMap((value, index) => valueIssues([...path, 'values', index], value, parameter));
  });
}

function rangeIssues(path: SpecPath, range: Range, parameter: EstimatorParameter): SpecIssue[] {
  const { type, low, high } = range;
  const at = [...path, 'type'];
  if (parameter.type === 'bool') {
    return [{ path: at, message: `found ${type}, want categorical, as it is ${wantedValue(parameter)}` }];
  }
  if (parameter.type === 'int' && !isWhole(range)) {
    return [{ path: at, message: `found ${type}, want int, as it is ${wantedValue(parameter)}` }];
  }
  return [...valueIssues([...path, 'low'], low, parameter), ...valueIssues([...path, 'high'], high, parameter)];
}

/** Whether a range has whole numbers only, its ends included. */
function isWhole({ type, low, high, step }: Range): boolean {
  return type === 'int' || [low, high, step].every(Number.isInteger);
}

function valueIssues(path: SpecPath, value: unknown, parameter: EstimatorParameter): SpecIssue[] {
  if (fits(parameter, value)) return [];
  return [{ path, message: `found ${described(value)}, want ${wantedValue(parameter)}` }];
}
