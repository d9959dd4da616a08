import type { Check, ContractTable } from '../domain/contract.js';
import type { TableProfile } from '../domain/profile.js';
import { CheckFailedError } from '../errors.js';
import { withDuckDb, type Db, type SqlValue } from './duckdb.js';
import { isKept } from './expectation.js';
import { allOf, onePass, type Facts } from './facts.js';
import { foundColumns } from './found-column.js';
import { readingOptions, type DataJobOptions } from './job-options.js';
import { profileEdges, profileFacts } from './profile.js';
import { QueryError } from './query-error.js';
import { rowRules, type RowRule } from './row-rule.js';
import { quoteName, readParquet } from './sql-text.js';
import { structureFindings, type Finding } from './structure.js';
import { tableFinding } from './table-rule.js';

export interface InspectInput {
  /** Parquet files that are one table together, their columns matched by name. */
  readonly files: readonly string[];
  /** By which name the SQL of rules knows the table. */
  readonly table: string;
  /** Without one the table is only profiled. */
  readonly contract?: ContractTable;
  /** An earlier profile of the table, so that the new one merges with it. */
  readonly known?: TableProfile;
}

export interface Inspection {
  readonly rows: number;
  /** Of all columns, sensitive ones too: whoever keeps it hides their values, see `withoutValues`. */
  readonly profile: TableProfile;
  /** What breaks the contract, in its order; empty when it is kept. */
  readonly findings: readonly Finding[];
  /** The broken rules whose rows are to be set aside. */
  readonly quarantine: readonly RowRule[];
}

/**
 * Checks a table against its contract and profiles it, in one pass over its rows. Further passes are made only for what
 * needs one: rules on combinations of values, different values and SQL; and for an example of a bad value once a rule is
 * found broken. Rules on age are left out: they are about all files of a source, see `ageFindings`.
 *
 * @throws {CheckFailedError} for a rule that cannot be measured, naming it.
 */
export async function inspectPart(input: InspectInput, options: DataJobOptions = {}): Promise<Inspection> {
  const { files, table, contract = { columns: [], checks: [] }, known } = input;
  return withDuckDb(readingOptions(files, options), async (db) => {
    await checkPatterns(db, contract.checks);
    const relation = readParquet(files);
    const columns = await foundColumns(db, relation);
    const edges = await profileEdges(db, files, columns, known);
    const rules = rowRules(contract, columns);
    const [rows, profiles, counts] = await onePass(db, relation, [
      ROWS,
      allOf(profileFacts(columns, { edges })),
      allOf(rules.map(badRows)),
    ]);
    const broken: { rule: RowRule; count: number }[] = [];
    for (const [index, rule] of rules.entries()) {
      const count = typeof rule.bad === 'string' ? (counts[index] ?? 0) : await repeated(db, relation, rule.bad.again);
      const share = rows === 0 ? 0 : (count * 100) / rows;
      if (!isKept(rule.expect, rule.unit === 'percent' ? share : count)) broken.push({ rule, count });
    }
    const findings = structureFindings(contract, columns);
    const examples = await examplesOf(db, relation, broken);
    for (const { rule, count } of broken) {
      const example = examples.get(rule);
      const { check, column, severity } = rule;
      const message = rule.say({ count, rows, ...(example !== undefined && { example }) });
      findings.push({ column, check, severity, message, badRows: count });
    }
    if (contract.checks.some(({ measure }) => measure.kind === 'sql')) {
      await db.run(`CREATE TEMP VIEW ${quoteName(table)} AS SELECT * FROM ${relation}`);
    }
    for (const check of contract.checks) {
      const finding = await tableFinding(db, relation, check, { rows, columns });
      if (finding) findings.push(finding);
    }
    return {
      rows,
      profile: { rows, columns: profiles },
      findings: inOrder(findings, contract.checks),
      quarantine: broken.filter(({ rule }) => rule.severity === 'quarantine').map(({ rule }) => rule),
    };
  });
}

const ROWS: Facts<number> = { sql: ['count(*)::DOUBLE'], read: ([rows]) => Number(rows) };

function badRows({ bad }: RowRule): Facts<number> {
  const count = typeof bad === 'string' ? [`count_if(${bad})::DOUBLE`] : [];
  return { sql: count, read: ([found = 0]) => Number(found) };
}

/** Rows beyond the first of each combination. A row with an empty value among them repeats nothing. */
async function repeated(db: Db, relation: string, columns: readonly { readonly value: string }[]): Promise<number> {
  const [[count] = []] = await db.rows(
    `SELECT coalesce(sum(times) - count(*), 0)::DOUBLE FROM (${combinations(relation, columns, 'count(*) AS times')})`,
  );
  return Number(count);
}

function combinations(relation: string, columns: readonly { readonly value: string }[], what: string): string {
  const values = columns.map(({ value }) => value);
  const filled = values.map((value) => `${value} IS NOT NULL`).join(' AND ');
  return `SELECT ${what} FROM ${relation} WHERE ${filled} GROUP BY ${values.join(', ')}`;
}

/** Longest example that is shown, in characters. */
const SHOWN = 20;

async function examplesOf(
  db: Db,
  relation: string,
  broken: readonly { readonly rule: RowRule; readonly count: number }[],
): Promise<Map<RowRule, string>> {
  const asked = broken.filter(({ rule, count }) => rule.example !== undefined && count > 0).map(({ rule }) => rule);
  const cut = (sql: string) => `left(${sql}, ${SHOWN + 1})`;
  const simple = asked.filter(({ bad }) => typeof bad === 'string');
  const sql = simple.map(({ example }) => cut(example?.sql ?? 'NULL'));
  const [values = []] = simple.length === 0 ? [] : await db.rows(`SELECT ${sql.join(', ')} FROM ${relation}`);
  const found = new Map<RowRule, SqlValue>(simple.map((rule, index) => [rule, values[index] ?? null]));
  for (const rule of asked) {
    if (typeof rule.bad === 'string') continue;
    const each = combinations(relation, rule.bad.again, `${rule.example?.sql ?? 'NULL'} AS example`);
    const [[value = null] = []] = await db.rows(`SELECT ${cut('min(example)')} FROM (${each} HAVING count(*) > 1)`);
    found.set(rule, value);
  }
  return new Map([...found].flatMap(([rule, value]) => (value === null ? [] : [[rule, shown(rule, String(value))]])));
}

function shown({ example }: RowRule, value: string): string {
  const text = value.length > SHOWN ? `${value.slice(0, SHOWN - 1)}…` : value;
  const written = example?.quoted ? JSON.stringify(text) : text.replace(/^(-?\d+)\.0$/, '$1');
  // Nothing that cannot be seen, or turns what stands around it.
  return written.replaceAll(/[\p{Cc}\p{Cf}]/gu, '');
}

/** A wrong pattern must be an error of its rule and not of the whole pass. */
async function checkPatterns(db: Db, checks: readonly Check[]): Promise<void> {
  for (const { id, measure } of checks) {
    if (measure.kind !== 'invalid' || measure.valid.pattern === undefined) continue;
    const { pattern } = measure.valid;
    try {
      await db.rows("SELECT regexp_full_match('', $1)", [pattern]);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      throw new CheckFailedError(`Cannot check the rule "${id}" with the pattern "${pattern}": ${error.summary}`, {
        fix: 'Correct the pattern in the contract; it is a regular expression of RE2, without looking ahead or back.',
        details: { check: id, pattern },
        cause: error,
      });
    }
  }
}

/** Structure and types first, then in the order of the contract's checks. */
function inOrder(findings: readonly Finding[], checks: readonly Check[]): Finding[] {
  const places = new Map(checks.map(({ id }, index) => [id, index]));
  return findings.toSorted((a, b) => (places.get(a.check) ?? -1) - (places.get(b.check) ?? -1));
}
