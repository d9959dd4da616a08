/**
 * P-values adjusted so that calling all below `share` discoveries leaves at most that share of false ones among them, on
 * average: the procedure of Y. Benjamini and Y. Hochberg ("Controlling the false discovery rate", 1995), right for tests
 * that are independent or go together.
 *
 * @param pValues in any order; the answer is in the same
 */
export function adjustFalseDiscovery(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).toSorted((a, b) => (pValues[b] ?? 1) - (pValues[a] ?? 1));
  const adjusted = Array.from(pValues);
  let least = 1;
  for (const [place, index] of order.entries()) {
    const rank = pValues.length - place;
    least = Math.min(least, ((pValues[index] ?? 1) * pValues.length) / rank);
    adjusted[index] = least;
  }
  return adjusted;
}
