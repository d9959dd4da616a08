import type { ColumnType } from '../domain/data.js';
import { columnType } from './column-type.js';
import type { Db } from './duckdb.js';
import { quoteName } from './sql-text.js';

/** A column of the table that is checked, as it was found. */
export interface FoundColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Its value, in the SQL type in which values of this kind are compared. */
  readonly value: string;
  /** True when the value can be NaN or infinite. */
  readonly floating: boolean;
}

/** The columns of a relation. */
export async function foundColumns(db: Db, relation: string): Promise<FoundColumn[]> {
  const found = await db.describe(`SELECT * FROM ${relation}`);
  return found.map(({ name, type: duckDbType }) => {
    const type = columnType(duckDbType);
    // Texts may be UUIDs or enumerations to DuckDB.
    const value = type === 'string' ? `CAST(${quoteName(name)} AS VARCHAR)` : quoteName(name);
    return { name, type, value, floating: duckDbType === 'DOUBLE' || duckDbType === 'FLOAT' };
  });
}

/** True for a row without a value: null, or NaN. */
export function isEmpty({ value, floating }: FoundColumn): string {
  return floating ? `(${value} IS NULL OR isnan(${value}))` : `(${value} IS NULL)`;
}
