import type { ContractFinding, SnapshotPart } from '../domain/data.js';
import type { TableContract } from '../spec.js';
import { nearestName } from '../spec-nearest.js';
import { columnMeasures, type Measure } from './contract-measures.js';
import { withDuckDb, type Db } from './duckdb.js';

import { readParquet } from './sql-text.js';
import { readingOptions, type DataJobOptions } from './job-options.js';

/** A part and the local copy of its Parquet file. */
export interface PartFile {
  readonly part: SnapshotPart;
  readonly file: string;
}

/**
 * Checks new parts of one source against its contract. All rules of a part are answered in one pass over the columns
 * that have rules. An empty list means that the contract is kept.
 *
 * Types: a whole number is a number, and a number that is whole and below 2^53 an integer; 1 and 0 are booleans; a date
 * is a timestamp, and a timestamp at midnight a date. Text is only ever text. NaN counts as empty.
 */
export async function checkContract(
  parts: readonly PartFile[],
  contract: TableContract,
  options: DataJobOptions = {},
): Promise<ContractFinding[]> {
  if (parts.length === 0) return [];
  const files = parts.map(({ file }) => file);
  return withDuckDb(readingOptions(files, options), async (db) => {
    const findings: ContractFinding[] = [];
    for (const { part, file } of parts) {
      const where = { source: part.source, object: part.object.id };
      const found = [...structure(part, contract), ...(await contents(db, part, file, contract))];
      findings.push(...found.map((finding) => ({ ...where, ...finding })));
    }
    return findings;
  });
}

type Finding = Omit<ContractFinding, 'source' | 'object'>;

function structure(part: SnapshotPart, contract: TableContract): Finding[] {
  const there = part.columns.map(({ name }) => name);
  const wanted = Object.keys(contract.columns);
  const findings: Finding[] = [];
  for (const [column, rule] of Object.entries(contract.columns)) {
    if (there.includes(column) || !rule.required) continue;
    const near = nearestName(
      column,
      there.filter((name) => !wanted.includes(name)),
    );
    const hint = near ? ` (found "${near}")` : '';
    findings.push({ column, rule: 'missing', message: `column "${column}": not found${hint}, want it in every file` });
  }
  for (const column of contract.otherColumns === 'refuse' ? there : []) {
    if (wanted.includes(column)) continue;
    findings.push({
      column,
      rule: 'unexpected',
      message: `column "${column}": found, want no columns but the contract's`,
    });
  }
  const { min, max } = contract.rows;
  const found = `found ${part.rows.toLocaleString('en-US')} rows`;
  if (part.rows < min) findings.push({ column: '', rule: 'rows', message: `${found}, want at least ${min}` });
  if (max !== undefined && part.rows > max)
    findings.push({ column: '', rule: 'rows', message: `${found}, want at most ${max}` });
  return findings;
}

async function contents(db: Db, part: SnapshotPart, file: string, contract: TableContract): Promise<Finding[]> {
  const measures: { readonly column: string; readonly measure: Measure }[] = [];
  for (const { name, type } of part.columns) {
    const rule = new Map(Object.entries(contract.columns)).get(name);
    for (const measure of rule ? columnMeasures(name, type, rule) : []) measures.push({ column: name, measure });
  }
  if (measures.length === 0) return [];
  const sql = measures.flatMap(({ measure }) => measure.sql);
  const [values = []] = await db.rows(`SELECT ${sql.join(', ')} FROM ${readParquet([file])}`);
  let at = 0;
  return measures.flatMap(({ column, measure }) => {
    const finding = measure.judge(values.slice(at, (at += measure.sql.length)), part.rows);
    return finding ? [{ column, ...finding }] : [];
  });
}
