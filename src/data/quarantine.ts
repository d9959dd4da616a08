import { dirname } from 'node:path';
import { blobKey, type Ref } from '../domain/artifact.js';
import { hashFile } from '../stores/digest.js';
import { withDuckDb, type Db } from './duckdb.js';
import { copyStatement } from './copy-rows.js';
import { withEnoughMemory } from './ingest.js';
import { writingOptions, type DataJobOptions } from './job-options.js';
import type { RowRule } from './row-rule.js';
import { quoteFile, quoteName, quoteText } from './sql-text.js';

/** The column of a quarantined part that names the rules which each row breaks: a list of check ids, in their order. */
export const REASONS = '_perennial_reasons';

export interface QuarantineInput {
  /** The Parquet part. */
  readonly file: string;
  /** Broken rules: rows that break one of them are set aside. */
  readonly rules: readonly Pick<RowRule, 'check' | 'bad'>[];
  /** New files: for the rows that stay, and for the others. */
  readonly cleanFile: string;
  readonly badFile: string;
}

/** One of the two files. */
export interface Quarantined {
  readonly ref: Ref;
  readonly rows: number;
}

/**
 * Parts the rows of a part in two files, each in the order of the part: those that break a rule, with the column
 * `_perennial_reasons`, and the others. The same part and rules give the same bytes. Memory does not grow with the rows,
 * but for rules on repeated values, which sort them and spill.
 */
export async function quarantineRows(
  { file, rules, cleanFile, badFile }: QuarantineInput,
  options: DataJobOptions = {},
): Promise<{ readonly clean: Quarantined; readonly bad: Quarantined }> {
  const rows = await withEnoughMemory(options, (given) =>
    withDuckDb(writingOptions([file], dirname(cleanFile), given), async (db) => {
      const part = `read_parquet(${quoteFile(file)})`;
      const names = (await db.describe(`SELECT * FROM ${part}`)).map(({ name }) => name);
      const { from, tests, order } = await badRows(db, part, rules);
      const isBad = tests.join(' OR ');
      const write = async (values: readonly string[], where: string, path: string) => {
        await db.run(
          copyStatement(`SELECT ${values.join(', ')} FROM ${from} WHERE ${where}${order}`, path, values.length),
        );
        return await countRows(db, path);
      };
      // One statement writes one file, so the part is read twice: it is writing that takes the time.
      const bad = await write([...quotedBut(names, REASONS), reasonsSql(rules, tests)], isBad, badFile);
      const clean = await write(names.map(quoteName), `NOT (${isBad})`, cleanFile);
      const all = await countRows(db, file);
      if (clean + bad !== all) throw new Error(`Cannot set rows aside: ${clean} and ${bad} rows came out of ${all}`);
      return { clean, bad };
    }),
  );
  const refOf = async (path: string): Promise<Ref> => {
    const { sha256, bytes } = await hashFile(path, options);
    return { key: blobKey(sha256), sha256, bytes };
  };
  return {
    clean: { ref: await refOf(cleanFile), rows: rows.clean },
    bad: { ref: await refOf(badFile), rows: rows.bad },
  };
}

async function countRows(db: Db, file: string): Promise<number> {
  const [[rows] = []] = await db.rows(`SELECT count(*)::DOUBLE FROM read_parquet(${quoteFile(file)})`);
  return Number(rows);
}

/** Rows that come back from a quarantine still have their old reasons. */
function quotedBut(names: readonly string[], left: string): string[] {
  return names.filter((name) => name.toLowerCase() !== left).map(quoteName);
}

function reasonsSql(rules: QuarantineInput['rules'], tests: readonly string[]): string {
  const reasons = rules.map(({ check }, index) => `CASE WHEN ${tests[index] ?? 'false'} THEN ${quoteText(check)} END`);
  return `list_filter([${reasons.join(', ')}], lambda reason: reason IS NOT NULL) AS ${quoteName(REASONS)}`;
}

/** Names that no column of a part has. */
const PLACE = quoteName('\u0001place');
const AGAIN = '\u0001again';

/** A relation with the rows of the part, a test for each rule that is never null, and what keeps the order of the part. */
async function badRows(
  db: Db,
  part: string,
  rules: QuarantineInput['rules'],
): Promise<{ readonly from: string; readonly tests: string[]; readonly order: string }> {
  const numbered = `(SELECT *, row_number() OVER () AS ${PLACE} FROM ${part})`;
  const joins: string[] = [];
  const tests: string[] = [];
  for (const { bad } of rules) {
    if (typeof bad === 'string') {
      tests.push(`coalesce(${bad}, false)`);
      continue;
    }
    // Only the places of such rows are kept: a window over the part itself would carry all its columns.
    const [table, place] = [quoteName(`${AGAIN}${joins.length}`), quoteName(`${AGAIN}${joins.length}place`)];
    const values = bad.again.map(({ value }) => value);
    const filled = values.map((value) => `${value} IS NOT NULL`).join(' AND ');
    await db.run(`CREATE TEMP TABLE ${table} AS SELECT ${PLACE} AS ${place} FROM (
      SELECT ${PLACE}, row_number() OVER (PARTITION BY ${values.join(', ')} ORDER BY ${PLACE}) AS turn
      FROM ${numbered} WHERE ${filled}) WHERE turn > 1`);
    joins.push(` LEFT JOIN ${table} ON ${place} = ${PLACE}`);
    tests.push(`(${place} IS NOT NULL)`);
  }
  if (joins.length === 0) return { from: part, tests, order: '' };
  return { from: `${numbered}${joins.join('')}`, tests, order: ` ORDER BY ${PLACE}` };
}
