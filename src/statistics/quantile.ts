/**
 * The quantile of sorted values, by linear interpolation between neighbours (type 7 of Hyndman and Fan, NumPy's
 * default).
 *
 * @param sorted ascending, without NaN; at least one value
 * @param share from 0 (the least value) to 1 (the greatest)
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const last = sorted.length - 1;
  if (last < 0) throw new RangeError('Cannot take a quantile: there are no values');
  if (!(share >= 0 && share <= 1)) throw new RangeError(`Cannot take quantile ${share}: want a share from 0 to 1`);
  const position = share * last;
  const below = Math.floor(position);
  const low = sorted[below] as number; // below is within 0 and last
  const high = sorted[Math.min(below + 1, last)] as number;
  return low + (high - low) * (position - below);
}
