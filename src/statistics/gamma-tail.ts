/**
 * The share of a gamma distribution of scale 1 above `x`: the regularised upper incomplete gamma function Q(shape, x), to
 * some 12 digits. By the series for the lower part where it converges fast, else by the continued fraction (Legendre's, in
 * the form of W. J. Lentz), as in "Numerical Recipes", section 6.2.
 */
export function gammaTail(shape: number, x: number): number {
  if (Number.isNaN(shape) || Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 1;
  if (x === Infinity) return 0;
  const front = Math.exp(shape * Math.log(x) - x - logGamma(shape));
  return x < shape + 1 ? 1 - front * series(shape, x) : front * fraction(shape, x);
}

/** The share of a chi-square distribution with this many degrees of freedom above `x`. */
export function chiSquareTail(x: number, freedom: number): number {
  return gammaTail(freedom / 2, x / 2);
}

/** The logarithm of the gamma function for positive arguments: Stirling's series, after a climb to where it is exact. */
export function logGamma(x: number): number {
  let climbed = x;
  let product = 0;
  for (; climbed < 15; climbed++) product += Math.log(climbed);
  const inverse = 1 / (climbed * climbed);
  const correction = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / climbed;
  return (climbed - 0.5) * Math.log(climbed) - climbed + Math.log(2 * Math.PI) / 2 + correction - product;
}

const MOST_STEPS = 100_000;

function series(shape: number, x: number): number {
  let term = 1 / shape;
  let sum = term;
  for (let step = 1; step < MOST_STEPS && term > sum * 1e-16; step++) {
    term *= x / (shape + step);
    sum += term;
  }
  return sum;
}

function fraction(shape: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - shape;
  let c = 1 / tiny;
  let d = 1 / b;
  let value = d;
  for (let step = 1; step < MOST_STEPS; step++) {
    const a = -step * (step - shape);
    b += 2;
    d = 1 / (Math.abs(a * d + b) < tiny ? tiny : a * d + b);
    c = Math.abs(b + a / c) < tiny ? tiny : b + a / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return value;
}
