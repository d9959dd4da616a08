/**
 * The CRC-32 of two pieces joined, from the CRC of each: what a server says of a whole object can be known without
 * reading the object again. CRCs are remainders of polynomials over GF(2), so joining is to multiply the first by
 * x^(8 * bytes of the second) and to add.
 *
 * @param bytesOfSecond the length of the second piece.
 */
export function joinedCrc32(first: number, second: number, bytesOfSecond: number): number {
  return (product(powerOfX(bytesOfSecond), first) ^ second) >>> 0;
}

/** The CRC's polynomial, and the number 1, with the coefficient of x^0 in the highest bit. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/** `x^8`, `x^16`, `x^32`, ...: each is the square of the one before. */
const squares: number[] = [0x00800000];

/** x^(8 * bytes), by the binary digits of `bytes`. */
function powerOfX(bytes: number): number {
  let power = ONE;
  for (let rest = bytes, digit = 0; rest > 0; rest = Math.floor(rest / 2), digit += 1) {
    if (rest % 2 === 1) power = product(square(digit), power);
  }
  return power;
}

function square(digit: number): number {
  const known = squares[digit];
  if (known !== undefined) return known;
  const half = square(digit - 1);
  return (squares[digit] = product(half, half));
}

/** Multiplies two polynomials and takes the remainder. */
function product(a: number, b: number): number {
  let sum = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) sum ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ POLYNOMIAL;
  }
  return sum >>> 0;
}
