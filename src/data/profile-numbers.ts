import type { Column, ColumnType } from '../domain/data.js';
import type { ColumnProfile, NumberProfile } from '../domain/profile.js';
import type { SqlValue } from './duckdb.js';
import type { Facts } from './facts.js';
import { exactDouble, profileBins, upTo, type Counted } from './profile-bins.js';
import { meanAndDeviation } from './profile-round.js';
import { quoteName } from './sql-text.js';

/** Whether a column has a {@link NumberProfile}: numbers, and times as milliseconds since 1970. */
export function isNumeric(type: ColumnType): boolean {
  return type === 'integer' || type === 'number' || type === 'timestamp' || type === 'date';
}

/** SQL for a column's finite values as DOUBLE, NULL for all else. */
export function finiteSql({ name, type }: Column): string {
  const column = quoteName(name);
  switch (type) {
    case 'timestamp':
    case 'date':
      // Dates reach further than timestamps: those beyond the year 294247 count as infinite.
      return `CASE WHEN isfinite(${column}) THEN epoch_ms(TRY_CAST(${column} AS TIMESTAMP))::DOUBLE END`;
    case 'number':
      return `CASE WHEN isfinite(${column}::DOUBLE) THEN ${column}::DOUBLE END`;
    case 'integer':
    case 'boolean':
    case 'string':
    case 'other':
      return `${column}::DOUBLE`;
  }
}

/** Facts about a numeric column, by aggregates over its rows. Without edges there is no histogram. */
export function numberFacts(column: Column, edges: readonly number[] | undefined): Facts<ColumnProfile> {
  const { name, type } = column;
  const quoted = quoteName(name);
  const finite = finiteSql(column);
  const centre = centreOf(edges);
  const distance = `(${finite} - ${exactDouble(centre)})`;
  const bins = edges && profileBins(edges);
  return {
    sql: [
      'count(*)::DOUBLE',
      `count(${quoted})::DOUBLE`,
      `count(${finite})::DOUBLE`,
      type === 'number' ? `count_if(isnan(${quoted}::DOUBLE))::DOUBLE` : '0',
      `approx_count_distinct(${quoted})::DOUBLE`,
      `min(${finite})`,
      `max(${finite})`,
      // Kahan's sums: the order of the rows, which changes from run to run, shows in the last digit only.
      `fsum(${distance})`,
      `fsum(${distance} * ${distance})`,
      ...(bins
        ? [
            `to_json(map_values(histogram(${finite}, [${bins.bounds.map(upTo).map(exactDouble).join(', ')}]::DOUBLE[])))`,
          ]
        : [`count_if(${finite} = 0)::DOUBLE`, `count_if(${finite} < 0)::DOUBLE`]),
    ],
    read: ([rows, filled, count, nans, distinct, min, max, sum, squares, ...rest]) => {
      const some = {
        count: Number(count),
        nans: Number(nans),
        infinities: Number(filled) - Number(count) - Number(nans),
      };
      const range = { min: numberOr(min), max: numberOr(max), sum: numberOr(sum), squares: numberOr(squares), centre };
      const counted = bins ? bins.read(JSON.parse(String(rest[0] ?? '[]')) as number[]) : signs(rest);
      return {
        name,
        type,
        rows: Number(rows),
        nulls: Number(rows) - Number(filled),
        distinct: Number(distinct),
        numbers: numberProfile(some, range, counted),
      };
    },
  };
}

/** What is counted of the values of one bin. */
interface BinCounts {
  /** The bin, {@link NAN} or {@link INFINITE}. */
  readonly bin: number;
  readonly different: number;
  readonly n: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly sum: number | null;
  readonly squares: number | null;
}

const NAN = -2;
const INFINITE = -1;

/** The same facts about a numeric column of few different values, from its groups of equal values. */
export function countedNumberFacts(column: Column, edges: readonly number[]): Facts<ColumnProfile> {
  const { name, type } = column;
  const quoted = quoteName(name);
  const finite = finiteSql({ name: 'v', type });
  const centre = centreOf(edges);
  const bins = profileBins(edges);
  const below = `len(list_filter([${bins.bounds.map(exactDouble).join(', ')}]::DOUBLE[], lambda edge: edge <= x))`;
  const other = type === 'number' ? `CASE WHEN isnan(v::DOUBLE) THEN ${NAN} ELSE ${INFINITE} END` : INFINITE;
  // A sum that has overflown is no JSON.
  const finiteSum = (sql: string) => `CASE WHEN isfinite(fsum(${sql})) THEN fsum(${sql}) END`;
  const counts = (
    relation: string,
  ) => `(SELECT to_json(list({bin: bin, different: different, n: rows, min: low, max: high,
      sum: total, squares: squares})) FROM (
    SELECT CASE WHEN x IS NULL THEN ${other} ELSE ${below} END AS bin, count(*) AS different, sum(n) AS rows,
      min(x) AS low, max(x) AS high, ${finiteSum(`(x - ${exactDouble(centre)}) * n`)} AS total,
      ${finiteSum(`(x - ${exactDouble(centre)}) * (x - ${exactDouble(centre)}) * n`)} AS squares
    FROM (SELECT v, ${finite} AS x, n FROM (SELECT ${quoted} AS v, count(*) AS n FROM ${relation}
      WHERE ${quoted} IS NOT NULL GROUP BY 1)) GROUP BY 1))`;
  return {
    sql: ['count(*)::DOUBLE', counts],
    read: ([rows, json]) => {
      const all = (JSON.parse(String(json ?? '[]')) as BinCounts[]).toSorted((a, b) => a.bin - b.bin);
      const within = all.filter(({ bin }) => bin >= 0);
      const nOf = (bin: number) => all.find((each) => each.bin === bin)?.n ?? 0;
      const some = { count: total(within, 'n'), nans: nOf(NAN), infinities: nOf(INFINITE) };
      const range = {
        min: numberOr(within[0]?.min),
        max: numberOr(within.at(-1)?.max),
        sum: total(within, 'sum'),
        squares: total(within, 'squares'),
        centre,
      };
      const counts = Array.from({ length: bins.bounds.length + 1 }, (_, bin) => nOf(bin));
      return {
        name,
        type,
        rows: Number(rows),
        nulls: Number(rows) - some.count - some.nans - some.infinities,
        distinct: total(all, 'different'),
        numbers: numberProfile(some, range, bins.read(counts)),
      };
    },
  };
}

/** A value in the middle of the column: sums of distances to it keep their digits. */
function centreOf(edges: readonly number[] | undefined): number {
  return edges?.[edges.length >> 1] ?? 0;
}

function numberProfile(
  some: Pick<NumberProfile, 'count' | 'nans' | 'infinities'>,
  range: Omit<Parameters<typeof meanAndDeviation>[0], 'count'>,
  { zeros, negatives, histogram }: Counted,
): NumberProfile {
  const { min, max } = range;
  return {
    ...some,
    zeros,
    negatives,
    ...(some.count > 0 && { min, max }),
    ...meanAndDeviation({ ...range, count: some.count }),
    ...(histogram && { histogram }),
  };
}

function signs([zeros, negatives]: readonly SqlValue[]): Counted {
  return { zeros: Number(zeros), negatives: Number(negatives) };
}

function total(bins: readonly BinCounts[], key: keyof BinCounts): number {
  return bins.reduce((sum, bin) => sum + (bin[key] ?? Number.NaN), 0);
}

/** DuckDB's client gives infinities and NaN of a sum as text. */
function numberOr(value: SqlValue | undefined): number {
  return typeof value === 'number' ? value : Number.NaN;
}
