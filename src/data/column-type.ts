import type { ColumnType } from '../domain/data.js';

/** The {@link ColumnType} of a DuckDB type name such as `BIGINT`, `DECIMAL(18,3)` or `TIMESTAMP WITH TIME ZONE`. */
export function columnType(duckDbType: string): ColumnType {
  const name = duckDbType.toUpperCase();
  if (name.endsWith(']') || name.startsWith('STRUCT') || name.startsWith('MAP')) return 'other';
  if (INTEGERS.has(name)) return 'integer';
  if (name === 'DOUBLE' || name === 'FLOAT' || name.startsWith('DECIMAL')) return 'number';
  if (name === 'VARCHAR' || name === 'UUID' || name.startsWith('ENUM')) return 'string';
  if (name === 'BOOLEAN') return 'boolean';
  if (name === 'DATE') return 'date';
  if (name.startsWith('TIMESTAMP')) return 'timestamp';
  return 'other';
}

/** The DuckDB type in which a value of this type is stored in a training table. */
export const STORED_TYPE: Readonly<Record<Exclude<ColumnType, 'other'>, string>> = {
  string: 'VARCHAR',
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
  date: 'DATE',
};

const INTEGERS = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'UHUGEINT',
]);
