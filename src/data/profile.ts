import type { Column } from '../domain/data.js';
import type { ColumnProfile, TableProfile } from '../domain/profile.js';
import { columnType } from './column-type.js';
import { withDuckDb } from './duckdb.js';
import { allOf, onePass, type Facts } from './facts.js';
import { readingOptions, type DataJobOptions } from './job-options.js';
import { profileEdges } from './profile-edges.js';
import { countedNumberFacts, isNumeric, numberFacts } from './profile-numbers.js';
import { manyTextFacts, textFacts } from './profile-text.js';
import { quoteName, readParquet } from './sql-text.js';

export interface ProfileOptions {
  /**
   * An earlier profile of the same table, whose edges and frequent values are taken, so that the two merge exactly; or
   * what {@link profileEdges} gives.
   */
  readonly edges?: TableProfile;
}

/**
 * The profile of all rows of these part files, whose columns are matched by name. The same files and options give the
 * same profile to the last digit. For columns that `edges` does not know, histograms' edges come from a few thousand of
 * the rows.
 */
export async function profileFiles(
  files: readonly string[],
  options: DataJobOptions & ProfileOptions = {},
): Promise<TableProfile> {
  if (files.length === 0) return { rows: 0, columns: [] };
  return withDuckDb(readingOptions(files, options), async (db) => {
    const relation = readParquet(files);
    const columns = (await db.describe(`SELECT * FROM ${relation}`)).map(({ name, type }) => ({
      name,
      type: columnType(type),
    }));
    const edges = await profileEdges(db, files, columns, options.edges);
    const [profiles] = await onePass(db, relation, [allOf(profileFacts(columns, { edges }))]);
    return { rows: profiles[0]?.rows ?? 0, columns: profiles };
  });
}

/**
 * The profile of each column as facts of one pass over a table, to share it with other facts. Columns that `edges` does
 * not know get no histogram: ask {@link profileEdges} before.
 */
export function profileFacts(columns: readonly Column[], options: ProfileOptions = {}): Facts<ColumnProfile>[] {
  const known = new Map(options.edges?.columns.map((column) => [`${column.type} ${column.name}`, column]));
  return columns.map((column) => columnFacts(column, known.get(`${column.type} ${column.name}`)));
}

/** A column of so few different values is counted by value: some hundred kilobytes, and ten times as fast. */
const FEW_VALUES = 5000;

function columnFacts(column: Column, known: ColumnProfile | undefined): Facts<ColumnProfile> {
  const { name, type } = column;
  const distinct = known?.distinct ?? Infinity;
  if (isNumeric(type)) {
    const edges = known?.numbers?.histogram?.edges;
    return edges && distinct <= FEW_VALUES ? countedNumberFacts(column, edges) : numberFacts(column, edges);
  }
  // An earlier profile without frequent values found none.
  if (type === 'string') return known && !known.top ? manyTextFacts(column) : textFacts(column, known?.top ?? []);
  if (type === 'boolean') return booleanFacts(column);
  return {
    sql: ['count(*)::DOUBLE', `count(${quoteName(name)})::DOUBLE`],
    read: ([rows, filled]) => ({ name, type, rows: Number(rows), nulls: Number(rows) - Number(filled) }),
  };
}

function booleanFacts({ name, type }: Column): Facts<ColumnProfile> {
  const column = quoteName(name);
  return {
    sql: ['count(*)::DOUBLE', `count(${column})::DOUBLE`, `count_if(${column})::DOUBLE`],
    read: (values) => {
      const [rows = 0, filled = 0, trues = 0] = values.map(Number);
      const top = [
        { value: 'true', count: trues },
        { value: 'false', count: filled - trues },
      ].filter(({ count }) => count > 0);
      top.sort((a, b) => b.count - a.count);
      return { name, type, rows, nulls: rows - filled, trues, distinct: top.length, top };
    },
  };
}

export { profileEdges } from './profile-edges.js';
