import type { Column } from '../domain/data.js';
import type { ColumnProfile } from '../domain/profile.js';
import type { Facts } from './facts.js';
import { roundedTo } from './profile-round.js';
import { quoteName, quoteText } from './sql-text.js';

const MOST_TOP = 50;
/** Characters of a value that are kept. */
const MOST_LENGTH = 200;

/** What is counted of a text column, by value. */
interface TextCounts {
  readonly different: number;
  readonly filled: number | null;
  readonly shortest: number | null;
  readonly longest: number | null;
  readonly letters: number | null;
  readonly top: readonly { readonly n: number; readonly v: string }[] | null;
  readonly asked: readonly { readonly n: number; readonly v: string }[] | null;
}

/**
 * Facts about a text column, from its groups of equal values. Exact, out of core when there are many values, and at a
 * quarter of the cost of DuckDB's sketches (`approx_top_k`, which names values and does not count them, and
 * `approx_count_distinct`).
 *
 * @param known values that are counted even when they are not among the most frequent
 */
export function textFacts(column: Column, known: readonly { readonly value: string }[]): Facts<ColumnProfile> {
  const { name, type } = column;
  const value = `left(v, ${MOST_LENGTH})`;
  const asked = known.map((each) => quoteText(each.value)).join(', ');
  const counts = (relation: string) => `(SELECT to_json({different: count(v), filled: sum(n), shortest: min(length(v)),
    longest: max(length(v)), letters: sum(length(v) * n), top: min({n: -n, v: ${value}}, ${MOST_TOP}),
    asked: ${asked === '' ? 'NULL' : `list({n: n, v: ${value}}) FILTER (${value} IN (${asked}))`}})
    FROM (SELECT CAST(${quoteName(name)} AS VARCHAR) AS v, count(*) AS n FROM ${relation}
      WHERE ${quoteName(name)} IS NOT NULL GROUP BY 1))`;
  return {
    sql: ['count(*)::DOUBLE', counts],
    read: ([rows, json]) => {
      const found = JSON.parse(String(json)) as TextCounts;
      const filled = found.filled ?? 0;
      return {
        name,
        type,
        rows: Number(rows),
        nulls: Number(rows) - filled,
        distinct: found.different,
        text: lengths(found.shortest, found.longest, (found.letters ?? 0) / filled),
        top: topOf(found),
      };
    },
  };
}

/** Facts about a text column in which nearly every row has a value of its own: nothing to count by value. */
export function manyTextFacts({ name, type }: Column): Facts<ColumnProfile> {
  const text = `CAST(${quoteName(name)} AS VARCHAR)`;
  const length = `length(${text})`;
  return {
    sql: [
      'count(*)::DOUBLE',
      `count(${text})::DOUBLE`,
      `approx_count_distinct(${text})::DOUBLE`,
      `min(${length})::DOUBLE`,
      `max(${length})::DOUBLE`,
      `sum(${length})::DOUBLE`,
    ],
    read: ([rows, filled, distinct, shortest, longest, letters]) => ({
      name,
      type,
      rows: Number(rows),
      nulls: Number(rows) - Number(filled),
      distinct: Number(distinct),
      text: lengths(shortest, longest, Number(letters) / Number(filled)),
    }),
  };
}

function lengths(shortest: unknown, longest: unknown, mean: number): NonNullable<ColumnProfile['text']> {
  return {
    ...(typeof shortest === 'number' && { minLength: shortest }),
    ...(typeof longest === 'number' && { maxLength: longest }),
    ...(Number.isFinite(mean) && { meanLength: roundedTo(7, mean) }),
  };
}

function topOf({ top, asked }: TextCounts): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  // Long values may have become equal when they were cut: they stand in the list one by one.
  for (const { n, v } of top ?? []) counts.set(v, (counts.get(v) ?? 0) - n);
  const others = new Map<string, number>();
  for (const { n, v } of asked ?? []) others.set(v, (others.get(v) ?? 0) + n);
  for (const [value, count] of others) counts.set(value, count);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}
