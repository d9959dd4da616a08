import type { PerennialClient } from '../client.js';
import type { RunRecord } from '../domain/run.js';
import { NotFoundError, UsageError } from '../errors.js';

/**
 * The run that a command line names: a number from 1, or `latest`.
 *
 * @param doing what is asked for, for the message: `show run`
 */
export function runWord(doing: string, model: string, word: string): number | 'latest' {
  if (word === 'latest') return word;
  if (/^[1-9]\d{0,11}$/.test(word)) return Number(word);
  throw new UsageError(`Cannot ${doing} "${word.slice(0, 40)}": want a number from 1, or latest`, {
    fix: `perennial runs ${model}`,
  });
}

/** The record of a run, or the error that says that there is none. */
export async function findRecord(
  perennial: PerennialClient,
  model: string,
  run: number,
): Promise<RunRecord | NotFoundError> {
  return await perennial.run(model, run).catch((error: unknown) => {
    if (error instanceof NotFoundError) return error;
    throw error;
  });
}

/** Nothing of a run can be shown yet. */
export function noneEnded(doing: string, model: string): NotFoundError {
  return new NotFoundError(`Cannot ${doing} latest of "${model}": no run has ended yet`, {
    fix: `perennial status ${model}`,
    details: { model },
  });
}
