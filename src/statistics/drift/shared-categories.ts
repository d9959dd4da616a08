import type { ColumnProfile } from '../../domain/profile.js';
import type { TwoCounts } from './shift.js';

/** The last of {@link SharedCategories.names}: all values without a category of their own. */
export const OTHER = '(other)';

export interface SharedCategories extends TwoCounts {
  readonly names: readonly string[];
}

/** With fewer rows expected on a side, a category is counted under `other`: the chi-square tests need that (W. G. Cochran). */
const LEAST_EXPECTED = 5;

/**
 * The frequent values of two columns as common categories, and all others as one. The empty text is no value: it stands for
 * what is missing. Undefined when a side has values and names none.
 *
 * A value that only one side names may be on the other too, below the frequent ones: it counts there as often as the same
 * share would make it, as far as the least frequent value that is named allows. So only what is surely a shift is one.
 */
export function sharedCategories(reference: ColumnProfile, current: ColumnProfile): SharedCategories | undefined {
  const [a, b] = [side(reference), side(current)];
  if (!a || !b || a.rows === 0 || b.rows === 0) return undefined;
  const names: string[] = [];
  const counts = { reference: [] as number[], current: [] as number[] };
  let [otherA, otherB] = [a.rows, b.rows];
  for (const name of new Set([...a.counts.keys(), ...b.counts.keys()])) {
    const inA = a.counts.get(name) ?? Math.min(a.unnamed, ((b.counts.get(name) ?? 0) * a.rows) / b.rows);
    const inB = b.counts.get(name) ?? Math.min(b.unnamed, ((a.counts.get(name) ?? 0) * b.rows) / a.rows);
    if ((Math.min(a.rows, b.rows) * (inA + inB)) / (a.rows + b.rows) < LEAST_EXPECTED) continue;
    names.push(name);
    counts.reference.push(inA);
    counts.current.push(inB);
    otherA -= inA;
    otherB -= inB;
  }
  return {
    names: [...names, OTHER],
    reference: [...counts.reference, Math.max(0, otherA)],
    current: [...counts.current, Math.max(0, otherB)],
  };
}

interface Side {
  readonly counts: ReadonlyMap<string, number>;
  /** Rows with a value. */
  readonly rows: number;
  /** The most rows that a value which is not named can have. */
  readonly unnamed: number;
}

function side(column: ColumnProfile): Side | undefined {
  if (!column.top) return undefined;
  const filled = column.top.filter(({ value }) => value !== '');
  const rows = column.rows - missingOf(column);
  const named = filled.reduce((sum, { count }) => sum + count, 0);
  const least = Math.min(...filled.map(({ count }) => count), rows);
  return {
    counts: new Map(filled.map(({ value, count }) => [value, count])),
    rows,
    unnamed: Math.max(0, Math.min(least, rows - named)),
  };
}

/** Rows without a value: null, NaN, and the empty text, which is how models are given a text that is not there. */
export function missingOf({ nulls, numbers, top }: ColumnProfile): number {
  const empty = top?.find(({ value }) => value === '')?.count ?? 0;
  return nulls + (numbers?.nans ?? 0) + empty;
}
