import { PrepareFailedError } from '../errors.js';
import { QueryError } from './query-error.js';

/** Runs a statement that holds the user's SQL; what DuckDB says against it becomes a {@link PrepareFailedError}. */
export async function prepareStep<T>(step: () => Promise<T>, what: string): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof QueryError) || error.kind === 'Out of Memory') throw error;
    throw failed(error, what);
  }
}

/** SQL that is refused before it runs. */
export function refuseSql(what: string, fix: string): never {
  throw new PrepareFailedError(`Cannot prepare the training table with the SQL of \`prepare\`: ${what}`, { fix });
}

/** A training table that does not fit the task. */
export function mismatch(what: string, column: string): PrepareFailedError {
  return new PrepareFailedError(`Cannot use the training table: ${what}`, {
    fix: 'Change the SQL of `prepare`, or the columns under `task` in the spec.',
    details: { column },
  });
}

function failed(error: QueryError, what: string): PrepareFailedError {
  const { position } = error;
  const at = position ? `, line ${position.line}` : '';
  return new PrepareFailedError(
    `Cannot prepare the training table with the SQL of \`prepare\`${at}: ${what}: ${error.summary}`,
    {
      fix: 'Correct the SQL file and apply the spec again.',
      details: { ...(position && { line: position.line, excerpt: position.excerpt }) },
      cause: error,
    },
  );
}
