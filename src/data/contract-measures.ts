import type { ColumnType, ContractFinding } from '../domain/data.js';
import type { ColumnRule } from '../spec.js';
import type { SqlValue } from './duckdb.js';
import { STORED_TYPE } from './column-type.js';
import { quoteName, quoteText } from './sql-text.js';

/** One rule on one column: aggregates to compute in the pass over the part, and what their values mean. */
export interface Measure {
  /** Aggregate expressions. */
  readonly sql: readonly string[];
  judge(values: readonly SqlValue[], rows: number): Omit<ContractFinding, 'source' | 'object' | 'column'> | undefined;
}

/** The measures of one column that is there. */
export function columnMeasures(name: string, found: ColumnType, rule: ColumnRule): Measure[] {
  const column = quoteName(name);
  const type = typeMeasure(name, column, found, rule.type);
  const measures = [type.measure, nullMeasure(name, column, found, rule.maxNullShare)];
  // Bounds and values of another type mean nothing.
  if (!type.comparable) return present(measures);
  const { min, max, values, maxBadShare } = rule;
  const filled = found === 'number' ? `NOT isnan(CAST(${column} AS DOUBLE)) AND ` : '';
  if (min !== undefined) {
    const [bad, least] = [`${filled}${column} < ${literal(min, rule.type)}`, `CAST(min(${column}) AS VARCHAR)`];
    measures.push(badRows('min', name, bad, least, maxBadShare, (low) => `found ${low}, want at least ${min}`));
  }
  if (max !== undefined) {
    const bad = `${filled}${column} > ${literal(max, rule.type)}`;
    const most = `CAST(max(${column}) FILTER (${filled}true) AS VARCHAR)`;
    measures.push(badRows('max', name, bad, most, maxBadShare, (high) => `found ${high}, want at most ${max}`));
  }
  if (values) {
    const bad = `${filled}${column} NOT IN (${values.map((value) => literal(value, rule.type)).join(', ')})`;
    const example = `CAST(min(${column}) FILTER (${bad}) AS VARCHAR)`;
    const wanted = values.length > 8 ? `one of ${values.length} values` : `one of ${values.join(', ')}`;
    measures.push(badRows('values', name, bad, example, maxBadShare, (value) => `found "${value}", want ${wanted}`));
  }
  return present(measures);
}

/** `1,234 of 5,000 rows`. */
export function ofRows(count: number, rows: number): string {
  return `${count.toLocaleString('en-US')} of ${rows.toLocaleString('en-US')} rows`;
}

function typeMeasure(
  name: string,
  column: string,
  found: ColumnType,
  wanted: ColumnRule['type'],
): { readonly measure?: Measure; readonly comparable: boolean } {
  if (found === wanted || FITS[wanted]?.includes(found)) return { comparable: true };
  const misfit = MISFIT[wanted]?.[found]?.(column);
  if (misfit) {
    const example = `CAST(min(${column}) FILTER (${misfit}) AS VARCHAR)`;
    const measure: Measure = {
      sql: [`count_if(${misfit})::DOUBLE`, example],
      judge: ([bad, value], rows) =>
        Number(bad) === 0
          ? undefined
          : {
              rule: 'type',
              message: `column "${name}": found ${String(value)} in ${ofRows(Number(bad), rows)}, want ${wanted}`,
              badShare: Number(bad) / rows,
            },
    };
    return { measure, comparable: true };
  }
  // Text that should be something else: say which text stands in the way.
  const uncast = `${column} IS NOT NULL AND TRY_CAST(${column} AS ${STORED_TYPE[wanted]}) IS NULL`;
  const facts =
    found === 'string'
      ? [`count_if(${uncast})::DOUBLE`, `left(min(${column}) FILTER (${uncast}), 60)`]
      : ['NULL', 'NULL'];
  const measure: Measure = {
    sql: [`count(${column})::DOUBLE`, ...facts],
    // A column without a single value has no type that could be wrong.
    judge: ([filled, bad, value], rows) => {
      if (Number(filled) === 0) return undefined;
      const why = Number(bad) > 0 ? ` ("${String(value)}" and the like in ${ofRows(Number(bad), rows)})` : '';
      return { rule: 'type', message: `column "${name}": found ${found}${why}, want ${wanted}` };
    },
  };
  return { measure, comparable: false };
}

/** Types that are taken for another as they are. */
const FITS: Partial<Record<ColumnType, readonly ColumnType[]>> = { number: ['integer'], timestamp: ['date'] };

/** Types that are taken for another when no value contradicts: SQL that is true for a value that does. */
const MISFIT: Partial<Record<ColumnType, Partial<Record<ColumnType, (column: string) => string>>>> = {
  integer: {
    // Beyond 2^53 neighbouring whole numbers are the same DOUBLE.
    number: (
      column,
    ) => `isfinite(CAST(${column} AS DOUBLE)) AND (${column} <> floor(${column}) OR abs(${column}) > 9007199254740991)
      OR isinf(CAST(${column} AS DOUBLE))`,
  },
  boolean: {
    integer: (column) => `${column} NOT IN (0, 1)`,
    number: (column) => `${column} NOT IN (0, 1)`,
  },
  date: { timestamp: (column) => `${column} <> date_trunc('day', ${column})` },
};

function nullMeasure(name: string, column: string, found: ColumnType, maxShare: number): Measure {
  const empty = found === 'number' ? `${column} IS NULL OR isnan(CAST(${column} AS DOUBLE))` : `${column} IS NULL`;
  return {
    sql: [`count_if(${empty})::DOUBLE`],
    judge: ([count], rows) => {
      const share = Number(count) / rows;
      if (share <= maxShare) return undefined;
      const message = `column "${name}": found it empty in ${ofRows(Number(count), rows)} (${percent(share)}), want at most ${percent(maxShare)}`;
      return { rule: 'nulls', message, badShare: share };
    },
  };
}

function badRows(
  rule: 'min' | 'max' | 'values',
  name: string,
  bad: string,
  example: string,
  maxShare: number,
  say: (value: string) => string,
): Measure {
  return {
    sql: [`count_if(${bad})::DOUBLE`, `left(${example}, 60)`],
    judge: ([count, value], rows) => {
      const share = Number(count) / rows;
      if (share <= maxShare) return undefined;
      const allowed = maxShare > 0 ? `, want at most ${percent(maxShare)} of them` : '';
      const message = `column "${name}": ${say(String(value))}; ${ofRows(Number(count), rows)} break this${allowed}`;
      return { rule, message, badShare: share };
    },
  };
}

function literal(value: string | number | boolean, type: ColumnRule['type']): string {
  switch (type) {
    case 'timestamp':
    case 'date':
      return `CAST(CAST(${quoteText(String(value))} AS TIMESTAMPTZ) AS TIMESTAMP)`;
    case 'integer':
    case 'number':
      return Number.isSafeInteger(value) ? `(${value})` : `CAST(${quoteText(String(value))} AS DOUBLE)`;
    case 'boolean':
      return value === true || value === 1 || value === 'true' ? 'true' : 'false';
    case 'string':
      return quoteText(String(value));
  }
}

function percent(share: number): string {
  const value = share * 100;
  return `${value !== 0 && value < 0.01 ? value.toPrecision(2) : Number(value.toFixed(2))} %`;
}

function present(measures: readonly (Measure | undefined)[]): Measure[] {
  return measures.filter((measure) => measure !== undefined);
}
