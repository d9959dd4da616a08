import type { TableProfile } from '../src/domain/profile.js';
import { CHECKS, NUMBERS, TEXTS, type PlainCheck } from './profile-data.js';

/**
 * The same facts and checks by one statement that somebody who knows DuckDB well would write for this very table, after
 * having found out what is slow: no FILTER, texts by groups of equal values and not by `approx_top_k`, edges written down.
 */
export function byHand(file: string, edges: TableProfile): string {
  const relation = `read_parquet('${file}')`;
  const numbers = NUMBERS.map((column) => {
    const list = edges.columns.find(({ name }) => name === column)?.numbers?.histogram?.edges ?? [];
    const finite = WHOLE.has(column) ? column : `CASE WHEN isfinite(${column}) THEN ${column} END`;
    const odd = WHOLE.has(column) ? [] : [`count(${finite})`, `count_if(isnan(${column}))`];
    return [
      `count(${column})`,
      ...odd,
      `approx_count_distinct(${column})`,
      `min(${finite})`,
      `max(${finite})`,
      `avg(${finite})`,
      `stddev_samp(${finite})`,
      `count_if(${column} = 0)`,
      `count_if(${finite} < 0)`,
      `histogram(${finite}::DOUBLE, [${list.join(', ')}]::DOUBLE[])`,
    ].join(', ');
  });
  const texts = TEXTS.map(
    (column) => `(SELECT {a: count(v), b: sum(n), c: min(length(v)), d: max(length(v)), e: sum(length(v) * n),
      top: min({n: -n, v: v}, 50)} FROM (SELECT ${column} AS v, count(*) AS n FROM ${relation}
      WHERE ${column} IS NOT NULL GROUP BY 1))`,
  );
  return `SELECT count(*), ${[...numbers, ...texts, ...CHECKS.map(badRows)].join(', ')} FROM ${relation}`;
}

const WHOLE = new Set<string>(['n0', 'n1', 'n2']);

function badRows(check: PlainCheck): string {
  const { column } = check;
  switch (check.kind) {
    case 'filled':
      return `count_if(${column} IS NULL)`;
    case 'between':
      return `count_if(${column} < ${check.min} OR ${column} > ${check.max})`;
    case 'oneOf':
      return `count_if(${column} NOT IN (${check.values.map((value) => `'${value}'`).join(', ')}))`;
    case 'length':
      return `count_if(length(${column}) NOT BETWEEN ${check.min} AND ${check.max})`;
    case 'pattern':
      return `count_if(NOT regexp_full_match(${column}, '${check.pattern}'))`;
  }
}
