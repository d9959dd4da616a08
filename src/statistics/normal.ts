/**
 * The share of a standard normal distribution below `z`, to 12 digits, in the lower tail too.
 * Near the middle by the series of Marsaglia ("Evaluating the normal distribution", 2004), in the tails by Laplace's
 * continued fraction.
 */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) return Number.NaN;
  if (z > 3) return 1 - normalCdf(-z);
  if (z < -3) return density(z) / tailFraction(-z);
  let sum = z;
  let term = z;
  for (let odd = 3; sum + term !== sum; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 + sum * density(z);
}

/**
 * The inverse of {@link normalCdf}, by Newton's steps.
 *
 * @param share between 0 and 1, both exclusive
 */
export function normalQuantile(share: number): number {
  if (!(share > 0 && share < 1)) throw new RangeError(`Cannot take normal quantile ${share}: want a share in (0, 1)`);
  if (share > 0.5) return 0 - normalQuantile(1 - share);
  if (share === 0.5) return 0;
  // Below 0 the logarithm of the distribution is concave, so these steps come near without overshooting for ever.
  let z = -Math.sqrt(-2 * Math.log(2 * share));
  for (let step = 0; step < 100; step++) {
    const below = normalCdf(z);
    const change = (below * Math.log(below / share)) / density(z);
    z -= change;
    if (Math.abs(change) <= 1e-15 * Math.abs(z)) break;
  }
  return z;
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** z + 1/(z + 2/(z + 3/(...))), from the inside out; 120 levels are exact in float64 from z = 3 on. */
function tailFraction(z: number): number {
  let fraction = z;
  for (let level = 120; level >= 1; level--) fraction = z + level / fraction;
  return fraction;
}
