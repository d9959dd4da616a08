import type { ColumnType } from '../domain/data.js';
import type { ColumnProfile, NumberProfile, TableProfile, TextProfile } from '../domain/profile.js';
import { rebinned } from './histogram.js';

/** Frequent values that are kept of a column: more than a profile begins with, so that newcomers are not lost at once. */
const MOST_TOP = 100;

/**
 * The profile of all rows together. Exact, but for: `distinct`, which is the greatest of the parts and so a lower bound;
 * frequent values that some part does not name; and histograms with other edges than the first, which are counted over
 * by linear interpolation.
 *
 * A column that some parts do not have is null there. Whole and other numbers together are numbers, dates and timestamps
 * timestamps; a column of types that do not go together is of type `other`, with nothing but its nulls.
 */
export function mergeProfiles(profiles: readonly TableProfile[]): TableProfile {
  const rows = profiles.reduce((sum, profile) => sum + profile.rows, 0);
  const names = [...new Set(profiles.flatMap(({ columns }) => columns.map(({ name }) => name)))];
  const columns = names.map((name) => {
    const found = profiles.flatMap((profile) => profile.columns.filter((column) => column.name === name));
    const merged = found.reduce(mergeColumns);
    const absent = rows - merged.rows;
    const top = merged.top && { top: merged.top.slice(0, MOST_TOP) };
    return { ...merged, ...top, rows, nulls: merged.nulls + absent };
  });
  return { rows, columns };
}

function mergeColumns(a: ColumnProfile, b: ColumnProfile): ColumnProfile {
  const counts = { name: a.name, rows: a.rows + b.rows, nulls: a.nulls + b.nulls };
  // A column without a value may be of any type.
  if (b.nulls === b.rows) return { ...a, ...counts };
  if (a.nulls === a.rows) return { ...b, ...counts };
  const type = commonType(a.type, b.type);
  if (type === 'other') return { ...counts, type };
  const distinct = a.distinct !== undefined && b.distinct !== undefined ? Math.max(a.distinct, b.distinct) : undefined;
  return {
    ...counts,
    type,
    ...(distinct !== undefined && { distinct }),
    ...(a.numbers && b.numbers && { numbers: mergeNumbers(a.numbers, b.numbers) }),
    ...(a.text && b.text && { text: mergeTexts(a, b) }),
    ...(a.trues !== undefined && b.trues !== undefined && { trues: a.trues + b.trues }),
    ...((a.top ?? b.top) && { top: mergeTop(a.top ?? [], b.top ?? []) }),
  };
}

function commonType(a: ColumnType, b: ColumnType): ColumnType {
  if (a === b) return a;
  const both = new Set([a, b]);
  if (both.has('integer') && both.has('number')) return 'number';
  if (both.has('date') && both.has('timestamp')) return 'timestamp';
  return 'other';
}

function mergeNumbers(a: NumberProfile, b: NumberProfile): NumberProfile {
  const histogram = mergeHistograms(a, b);
  return {
    count: a.count + b.count,
    nans: a.nans + b.nans,
    infinities: a.infinities + b.infinities,
    zeros: a.zeros + b.zeros,
    negatives: a.negatives + b.negatives,
    ...mergeMoments(a, b),
    ...(histogram && { histogram }),
  };
}

/**
 * Minimum, maximum, mean and deviation of both. Pooled by the pairwise formula of T. F. Chan, G. H. Golub and R. J. LeVeque
 * ("Updating formulae and a pairwise algorithm for computing sample variances", 1979).
 */
function mergeMoments(a: NumberProfile, b: NumberProfile): Pick<NumberProfile, 'min' | 'max' | 'mean' | 'deviation'> {
  if (b.count === 0) return momentsOf(a);
  if (a.count === 0) return momentsOf(b);
  const range = {
    min: Math.min(a.min ?? Infinity, b.min ?? Infinity),
    max: Math.max(a.max ?? -Infinity, b.max ?? -Infinity),
  };
  if (a.mean === undefined || b.mean === undefined) return range;
  const count = a.count + b.count;
  const between = b.mean - a.mean;
  const mean = a.mean + (between * b.count) / count;
  const squares = squaresOf(a) + squaresOf(b) + between * between * ((a.count / count) * b.count);
  const deviation = Math.sqrt(squares / (count - 1));
  return { ...range, mean, ...(Number.isFinite(deviation) && { deviation }) };
}

function momentsOf({ min, max, mean, deviation }: NumberProfile): ReturnType<typeof mergeMoments> {
  return {
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(mean !== undefined && { mean }),
    ...(deviation !== undefined && { deviation }),
  };
}

/** Sum of squared distances from the mean. */
function squaresOf({ count, deviation }: NumberProfile): number {
  return count === 1 ? 0 : (deviation ?? Number.NaN) ** 2 * (count - 1);
}

function mergeHistograms(a: NumberProfile, b: NumberProfile): NumberProfile['histogram'] {
  if (b.count === 0) return a.histogram ?? b.histogram;
  if (a.count === 0) return b.histogram ?? a.histogram;
  if (!a.histogram || !b.histogram) return undefined;
  const { edges, counts } = a.histogram;
  const other = rebinned(b, edges);
  return { edges, counts: counts.map((count, bin) => count + (other?.counts[bin] ?? 0)) };
}

function mergeTexts(a: ColumnProfile, b: ColumnProfile): TextProfile {
  const [x, y] = [a.text ?? {}, b.text ?? {}];
  const filled = { a: a.rows - a.nulls, b: b.rows - b.nulls };
  const mean = ((x.meanLength ?? 0) * filled.a + (y.meanLength ?? 0) * filled.b) / (filled.a + filled.b);
  return {
    minLength: Math.min(x.minLength ?? Infinity, y.minLength ?? Infinity),
    maxLength: Math.max(x.maxLength ?? 0, y.maxLength ?? 0),
    meanLength: mean,
  };
}

type Top = NonNullable<ColumnProfile['top']>;

function mergeTop(a: Top, b: Top): Top {
  const counts = new Map<string, number>();
  for (const { value, count } of [...a, ...b]) counts.set(value, (counts.get(value) ?? 0) + count);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((x, y) => y.count - x.count || (x.value < y.value ? -1 : 1));
}
