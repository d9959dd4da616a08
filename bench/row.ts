/** One comparison of a benchmark: our way and a plain way to the same end, in one run on one machine. */
export interface BenchRow {
  readonly name: string;
  /** `ours / theirs`. */
  readonly ratio: number;
  /** Absent: a figure that is shown and not judged. */
  readonly aim?: number;
  /** Whether the ratio should be at least the aim (speeds) or at most (times). Default `lower`. */
  readonly better?: 'higher' | 'lower';
  readonly ours: number;
  readonly theirs: number;
  /** Of `ours` and `theirs`. */
  readonly unit: string;
  readonly note?: string;
}

/** Whether the ratio is on the wrong side of its aim; one that is no number is. */
export function missesAim({ ratio, aim, better = 'lower' }: BenchRow): boolean {
  if (aim === undefined) return false;
  return better === 'lower' ? !(ratio <= aim) : !(ratio >= aim);
}

/** The row as a line. */
export function rowText({ name, ratio, aim, better = 'lower', ours, theirs, unit, note }: BenchRow): string {
  const numbers = `${round(ours)} against ${round(theirs)} ${unit}`;
  const wanted = aim === undefined ? 'no aim' : `aim ${better === 'lower' ? '<=' : '>='} ${aim}`;
  return `${name}: ${ratio.toFixed(ratio < 0.1 ? 3 : 2)} (${wanted}; ${numbers})${note ? `; ${note}` : ''}`;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
