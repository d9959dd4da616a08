/**
 * The quantile of what sorted values were drawn from: the least of `n` values stands at `1 / (n + 1)`, the next at
 * `2 / (n + 1)`, and so on, linear between them (type 6 of Hyndman and Fan, NumPy's `weibull`). So a new value is below
 * the 0.025 quantile with a chance of 0.025; the more usual type 7 stands further in, 0.027 with 400 values.
 *
 * @param sorted ascending, without NaN; at least one value
 * @param share from 0 to 1; beyond the places of the least and the greatest value it is that value
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const last = sorted.length - 1;
  if (last < 0) throw new RangeError('Cannot take a quantile: there are no values');
  if (!(share >= 0 && share <= 1)) throw new RangeError(`Cannot take quantile ${share}: want a share from 0 to 1`);
  const position = Math.min(Math.max(share * (sorted.length + 1) - 1, 0), last);
  const below = Math.floor(position);
  const low = sorted[below] as number; // below is within 0 and last
  const high = sorted[Math.min(below + 1, last)] as number;
  return low + (high - low) * (position - below);
}
