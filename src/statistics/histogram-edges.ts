/**
 * Edges for the histogram of what these values were drawn from: mostly 57, never more than 110.
 *
 * Few different values get a bin each. Otherwise the edges stand at quantiles, every fiftieth and closer in the tails:
 * bins of equal counts serve the tests of drift whatever the shape, skewed as it may be, and the close ones keep the tails
 * apart. A value that many rows share (a zero, a rounded price) fills a bin of its own. The first bin is below the least
 * value and the last above the greatest, so that what was never seen before is told apart.
 *
 * An edge stands in the middle between two values and not on one: a value that a model was given as FLOAT is not exactly
 * the DOUBLE of the table, and must not fall into the next bin for it.
 *
 * @param sorted ascending, finite
 */
export function histogramEdges(sorted: ArrayLike<number>): number[] {
  const least = sorted[0];
  const greatest = sorted[sorted.length - 1];
  if (least === undefined || greatest === undefined) return [];
  const different = distinctUpTo(sorted, MOST_BINS);
  if (different) return betweenEach(different);
  const edges = new Set([below(least), above(greatest)]);
  for (const level of LEVELS) {
    const at = Math.min(sorted.length - 1, Math.floor(level * sorted.length));
    const value = sorted[at] as number;
    const [first, after] = run(sorted, value);
    if (first > 0) edges.add(middle(sorted[first - 1] as number, value));
    const common = after - first >= sorted.length / 50;
    if (common && after < sorted.length) edges.add(middle(value, sorted[after] as number));
  }
  return [...edges].toSorted((a, b) => a - b);
}

/** Shares of the rows below the edges. */
const LEVELS = [0.001, 0.005, 0.01, ...Array.from({ length: 49 }, (_, index) => (index + 1) / 50), 0.99, 0.995, 0.999];
const MOST_BINS = 50;

function distinctUpTo(sorted: ArrayLike<number>, most: number): number[] | undefined {
  const different: number[] = [];
  for (let at = 0; at < sorted.length; at = run(sorted, sorted[at] as number)[1]) {
    if (different.length === most) return undefined;
    different.push(sorted[at] as number);
  }
  return different;
}

function betweenEach(values: readonly number[]): number[] {
  const [first = 0, last = 0] = [values[0], values.at(-1)];
  const inner = values.slice(1).map((value, index) => middle(values[index] as number, value));
  return [below(first), ...inner, above(last)];
}

/** Where equal values begin, and the place after them. */
function run(sorted: ArrayLike<number>, value: number): [number, number] {
  return [firstWhere(sorted, (each) => each >= value), firstWhere(sorted, (each) => each > value)];
}

function firstWhere(sorted: ArrayLike<number>, test: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const at = (low + high) >>> 1;
    if (test(sorted[at] as number)) high = at;
    else low = at + 1;
  }
  return low;
}

function below(value: number): number {
  return Math.max(value - step(value), -Number.MAX_VALUE);
}

function above(value: number): number {
  return Math.min(value + step(value), Number.MAX_VALUE);
}

/** Sixteen times what FLOAT can tell apart. */
function step(value: number): number {
  return Math.max(Math.abs(value) * 2 ** -20, 2 ** -40);
}

/** Above `low` and at most `high`, without overflow. */
function middle(low: number, high: number): number {
  const between = low / 2 + high / 2;
  return between > low ? between : high;
}
