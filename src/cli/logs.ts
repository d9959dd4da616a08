import type { AttemptRecord } from '../domain/attempt.js';
import { NotFoundError, UsageError } from '../errors.js';
import type { Command } from './command.js';
import { findRecord, noneEnded, runWord } from './run-record-of.js';
import { trialLog } from './trial-log.js';

export const logs: Command = {
  name: 'logs',
  summary:
    'Prints what the trainer of a run has printed: of its last attempt, or of another one, or in a trial of its search.',
  examples: ['logs returns 3', 'logs returns latest --attempt 1', 'logs returns 3 --trial 17'],
  arguments: [
    { name: '<model>', description: 'name of the model' },
    { name: '<run>', description: 'number of the run, or latest: the last that has ended' },
  ],
  options: [
    { flags: '--attempt <number>', description: 'which attempt of the training; default: the last with a log' },
    { flags: '--trial <number>', description: 'a trial of the search of the run, in place of the training' },
  ],
  connects: true,
  async run(context) {
    const [model = '', word = ''] = context.words;
    const wanted = attemptOf(context.text('attempt'));
    const trial = trialOf(context.text('trial'));
    if (wanted !== undefined && trial !== undefined) throw notBoth();
    const run = runWord('show the log of run', model, word);
    const { withPerennial } = await import('./connect.js');
    await withPerennial(context, async ({ perennial, store }) => {
      const record =
        run === 'latest' ? (await perennial.runs(model, { limit: 1 }))[0] : await findRecord(perennial, model, run);
      if (record instanceof NotFoundError)
        throw new NotFoundError(`Cannot show the log of run ${run} of "${model}": no record of it`, {
          fix: `perennial show ${model} ${run}: of a run under way it says how far it is, and its log is there when it has ended`,
          details: { model, run },
        });
      if (!record) throw noneEnded('show the log of run', model);
      if (trial !== undefined) {
        const log = await trialLog(store, record, trial);
        return context.answer({ model, run: record.run, trial, log }, () => log.join('\n'));
      }
      const attempts = record.steps?.['train']?.attempts ?? [];
      const attempt = find(attempts, wanted);
      if (!attempt?.log) throw noLog(model, record.run, attempts, wanted);
      const text = (await store.read(attempt.log.key, attempt.log)).toString('utf8');
      context.answer({ model, run: record.run, attempt: attempt.attempt, log: text.split('\n').slice(0, -1) }, () =>
        text.trimEnd(),
      );
    });
  },
};

function find(attempts: readonly AttemptRecord[], wanted: number | undefined): AttemptRecord | undefined {
  if (wanted === undefined) return attempts.findLast(({ log }) => log !== undefined);
  return attempts.find(({ attempt }) => attempt === wanted);
}

function attemptOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot use --attempt "${text.slice(0, 40)}": want a whole number from 1`, {
    fix: '--attempt 1',
  });
}

function trialOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot use --trial "${text.slice(0, 40)}": want a whole number from 0`, { fix: '--trial 0' });
}

function notBoth(): UsageError {
  return new UsageError('Cannot show an attempt and a trial: --attempt is of the training, --trial of the search', {
    fix: 'Leave one of them out.',
  });
}

function noLog(
  model: string,
  run: number,
  attempts: readonly AttemptRecord[],
  wanted: number | undefined,
): NotFoundError {
  const withLog = attempts.flatMap(({ attempt, log }) => (log ? [attempt] : []));
  const which = wanted === undefined ? `the training of run ${run}` : `attempt ${wanted} of run ${run}`;
  const found =
    withLog.length > 0
      ? `attempts with a log: ${withLog.join(', ')}`
      : 'its trainer did not run, or printed nothing but JSON lines of the job contract';
  return new NotFoundError(`Cannot show the log of ${which} of "${model}": there is none; ${found}`, {
    fix: withLog.length > 0 ? `perennial logs ${model} ${run}` : `perennial show ${model} ${run}`,
    details: { model, run },
  });
}
