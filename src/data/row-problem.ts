import { DataUnreadableError } from '../errors.js';

/** One row that cannot be read. */
export interface RowProblem {
  /** From 1; in CSV the first line holds the names. */
  readonly line?: number;
  readonly column?: string;
  /** What was found and what is wanted. */
  readonly found: string;
}

/** A row that cannot be read, on its way to {@link unreadableRows}. Internal to src/data. */
export class RowError extends Error {
  constructor(readonly problem: RowProblem) {
    super(problem.found);
  }
}

/** The error for these problems, of which there is at least one. */
export function unreadableRows(object: string, problems: readonly RowProblem[]): DataUnreadableError {
  const { line, column, found = '' } = problems[0] ?? {};
  const place = (line === undefined ? '' : `, line ${line}`) + (column === undefined ? '' : `, column "${column}"`);
  const more = problems.length > 1 ? `; ${problems.length - 1} more in the details` : '';
  return new DataUnreadableError(`Cannot read "${object}"${place}: ${found}${more}`, {
    fix:
      column === undefined
        ? 'Correct the row where the file is written, and write the file again.'
        : `Correct the row where the file is written, or declare "${column}" as string in the contract.`,
    details: { object, ...(line !== undefined && { line }), ...(column !== undefined && { column }), problems },
  });
}
