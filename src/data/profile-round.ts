/** Significant digits. */
export function roundedTo(digits: number, value: number): number {
  return Number(value.toPrecision(digits));
}

/**
 * Mean and deviation from sums of distances to a centre, rounded to what a change in the order of the rows does not reach:
 * the deviation to seven digits, the mean to as many behind the deviation's first. (Shifted data: T. F. Chan, G. H. Golub
 * and R. J. LeVeque, "Algorithms for computing the sample variance", The American Statistician 37, 1983.)
 */
export function meanAndDeviation(sums: {
  readonly count: number;
  readonly centre: number;
  /** Of the distances, and of their squares. */
  readonly sum: number;
  readonly squares: number;
  readonly min: number;
  readonly max: number;
}): { mean?: number; deviation?: number } {
  const { count, centre, sum, squares, min, max } = sums;
  if (count === 0) return {};
  if (min === max) return { mean: min, ...(count > 1 && { deviation: 0 }) };
  const mean = Math.min(max, Math.max(min, centre + sum / count));
  const deviation = Math.sqrt(Math.max(0, squares - sum * (sum / count)) / (count - 1));
  if (!Number.isFinite(mean)) return {};
  if (!Number.isFinite(deviation)) return { mean: roundedTo(7, mean) };
  if (deviation === 0) return { mean, deviation };
  const unit = 10 ** (Math.floor(Math.log10(deviation)) - 6);
  return { mean: roundedMean(mean, unit), deviation: roundedTo(7, deviation) };
}

function roundedMean(mean: number, unit: number): number {
  const steps = mean / unit;
  // Below 15 digits the product has digits behind the last one again; beyond, there is nothing to round.
  if (Math.abs(steps) > 1e15) return mean;
  return roundedTo(15, Math.round(steps) * unit);
}
