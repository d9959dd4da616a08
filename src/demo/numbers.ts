/** `115245` as `115,245`. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A score to four places: `0.1061`. */
export function score(value: number): string {
  return value.toFixed(4);
}

/** `8 Jan` of `2001-01-08`. */
export function dayAndMonth(date: string): string {
  const [, month, day] = date.split('-');
  return `${Number(day)} ${'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')[Number(month) - 1]}`;
}

/** The mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
