import type { Dimension, Parameters, ParameterValue } from '../domain/search.js';

export type Space = Readonly<Record<string, Dimension>>;

/** Names of the dimensions, each after those that decide whether it applies. `fixed` parameters may decide too. */
export function orderOf(space: Space): string[] {
  const order: string[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    const dimension = space[name];
    if (!dimension || order.includes(name) || path.includes(name)) return;
    for (const other of Object.keys(dimension.when ?? {})) visit(other, [...path, name]);
    order.push(name);
  };
  for (const name of Object.keys(space).toSorted()) visit(name, []);
  return order;
}

/** Whether a dimension applies beside what was chosen before it. */
export function applies({ when = {} }: Dimension, chosen: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(when).every(([name, values]) => values.some((value) => value === chosen[name]));
}

/** Chooses a value for each dimension that applies, in their order. */
export function choose(
  space: Space,
  fixed: Readonly<Record<string, unknown>>,
  pick: (name: string, dimension: Dimension) => ParameterValue,
): Parameters {
  const chosen: Record<string, ParameterValue> = {};
  for (const name of orderOf(space)) {
    const dimension = space[name];
    if (dimension && applies(dimension, { ...fixed, ...chosen })) chosen[name] = pick(name, dimension);
  }
  return chosen;
}

/** Whether a value is one that a dimension can have. */
export function isInside(dimension: Dimension, value: unknown): value is ParameterValue {
  if (dimension.type === 'categorical') return dimension.values.some((each) => each === value);
  if (typeof value !== 'number' || value < dimension.low || value > dimension.high) return false;
  if (dimension.type === 'int' && !Number.isInteger(value)) return false;
  if (dimension.step === undefined) return true;
  const steps = (value - dimension.low) / dimension.step;
  return Math.abs(steps - Math.round(steps)) < 1e-8;
}

/** Of some hyperparameters those that the space knows; undefined when they are no point of it. */
export function pointOf(
  space: Space,
  fixed: Readonly<Record<string, unknown>>,
  parameters: Readonly<Record<string, unknown>>,
): Parameters | undefined {
  let isWhole = true;
  const point = choose(space, fixed, (name, dimension) => {
    const value = parameters[name];
    if (isInside(dimension, value)) return value;
    isWhole = false;
    return '';
  });
  return isWhole ? point : undefined;
}

/** The values that a dimension has on a grid; undefined when there is no end to them. */
export function gridOf(dimension: Dimension): readonly ParameterValue[] | undefined {
  if (dimension.type === 'categorical') return dimension.values;
  const { low, high, type, step = type === 'int' ? 1 : undefined } = dimension;
  if (step === undefined) return undefined;
  return Array.from({ length: stepsOf(low, high, step) }, (_, index) => onStep(low, step, index));
}

/** How many values a range has, both ends included. */
export function stepsOf(low: number, high: number, step: number): number {
  // A tenth is no binary number: 0.3 / 0.1 is a little less than 3.
  return Math.floor((high - low) / step + 1e-9) + 1;
}

/** The value at a step, without the noise of binary fractions. */
export function onStep(low: number, step: number, index: number): number {
  return Number((low + step * index).toPrecision(12));
}
