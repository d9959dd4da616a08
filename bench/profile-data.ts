import { join } from 'node:path';
import type { ContractTable, Check } from '../src/domain/contract.js';
import { withDuckDb } from '../src/data/duckdb.js';
import { quoteText } from '../src/data/sql-text.js';

export const NUMBERS = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8', 'n9'] as const;
export const TEXTS = ['s0', 's1', 's2', 's3', 's4'] as const;

/** One check in a form that each contender can turn into its own. */
export type PlainCheck =
  | { readonly kind: 'filled'; readonly column: string }
  | { readonly kind: 'between'; readonly column: string; readonly min: number; readonly max: number }
  | { readonly kind: 'oneOf'; readonly column: string; readonly values: readonly string[] }
  | { readonly kind: 'length'; readonly column: string; readonly min: number; readonly max: number }
  | { readonly kind: 'pattern'; readonly column: string; readonly pattern: string };

/** Twenty, all of them kept by the data. */
export const CHECKS: readonly PlainCheck[] = [
  ...['n0', 'n1', 'n2', 'n3', 'n5', 's0', 's1'].map((column) => ({ kind: 'filled' as const, column })),
  { kind: 'between', column: 'n1', min: 0, max: 99 },
  { kind: 'between', column: 'n2', min: 0, max: 1e6 },
  { kind: 'between', column: 'n3', min: -10, max: 10 },
  { kind: 'between', column: 'n4', min: 0, max: 1e6 },
  { kind: 'between', column: 'n5', min: 0, max: 1 },
  { kind: 'between', column: 'n7', min: -10, max: 10 },
  { kind: 'between', column: 'n8', min: 0, max: 10_000 },
  { kind: 'between', column: 'n9', min: 0, max: 1000 },
  { kind: 'oneOf', column: 's0', values: Array.from({ length: 10 }, (_, index) => `c${index}`) },
  ...['s1', 's2', 's3'].map((column) => ({ kind: 'length' as const, column, min: 1, max: 40 })),
  { kind: 'pattern', column: 's3', pattern: 'user-[0-9]+' },
];

/** Writes 15 columns of many shapes. Without NaN, at which `SUMMARIZE` fails. */
export async function writeRows(folder: string, rows: number): Promise<string> {
  const file = join(folder, `rows-${rows}.parquet`);
  const share = (column: number) => `(hash(i, ${column}) / 18446744073709551616.0)`;
  const normal = (column: number) => `sqrt(-2 * ln(${share(column)} + 1e-18)) * cos(2 * pi() * ${share(column + 100)})`;
  const select = `SELECT i AS n0, (hash(i, 1) % 100)::INTEGER AS n1, floor(exp(least(4, ${normal(2)}) * 1.5 + 3))::BIGINT AS n2,
    ${normal(3)} AS n3, exp(${normal(4)}) AS n4, ${share(5)} AS n5,
    CASE WHEN ${share(6)} >= 0.05 THEN ${normal(6)} * 10 END AS n6, ${normal(7)} AS n7,
    round(-ln(${share(8)} + 1e-18) * 20, 2) AS n8, CASE WHEN ${share(9)} < 0.6 THEN 0 ELSE ${share(10)} * 1000 END AS n9,
    'c' || (hash(i, 11) % 10) AS s0, 'city ' || floor(200 * pow(${share(12)}, 3))::INTEGER AS s1,
    'item-' || floor(2000 * pow(${share(13)}, 2))::INTEGER AS s2, 'user-' || floor(20000 * ${share(14)})::INTEGER AS s3,
    CASE WHEN ${share(16)} >= 0.02 THEN 'session-' || floor(50000 * pow(${share(15)}, 4))::INTEGER END AS s4
    FROM range(${rows}) r(i)`;
  await withDuckDb({ folders: [folder], tempFolder: join(folder, 'spill') }, async (db) =>
    db.run(`COPY (${select}) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION zstd)`),
  );
  return file;
}

export function contract(): ContractTable {
  return { columns: [], checks: CHECKS.map(toCheck) };
}

function toCheck(check: PlainCheck, index: number): Check {
  const none = { operator: 'mustBe', value: 0 } as const;
  const base = { id: `${check.column}/${check.kind}/${index}`, expect: none, unit: 'rows', severity: 'block' } as const;
  const { column } = check;
  switch (check.kind) {
    case 'filled':
      return { ...base, measure: { kind: 'nulls', column } };
    case 'between':
      return { ...base, measure: { kind: 'invalid', column, valid: { min: check.min, max: check.max } } };
    case 'oneOf':
      return { ...base, measure: { kind: 'invalid', column, valid: { values: check.values } } };
    case 'length':
      return { ...base, measure: { kind: 'invalid', column, valid: { minLength: check.min, maxLength: check.max } } };
    case 'pattern':
      return { ...base, measure: { kind: 'invalid', column, valid: { pattern: check.pattern } } };
  }
}
