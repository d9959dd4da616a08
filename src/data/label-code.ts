import { columnType } from './column-type.js';
import { quoteName } from './sql-text.js';

/** The column that carries the label inside a job: a name that no column of a user has. */
export const LABEL_CODE = quoteName('\u0001label');

/** SQL for the code of a label: 1, 0, 2 for neither, null. */
export function labelCode(value: string, duckDbType: string): string {
  if (columnType(duckDbType) === 'boolean') return `CAST(${value} AS UTINYINT)`;
  return `CAST(CASE WHEN ${value} IS NULL THEN NULL WHEN ${value} = 1 THEN 1 WHEN ${value} = 0 THEN 0 ELSE 2 END AS UTINYINT)`;
}
