import { DefaultLogger, type LogEntry, type Logger } from '@temporalio/worker';

/** What people look for in a line of a worker's log, in this order. */
const FIELDS = ['activityType', 'workflowType', 'workflowId', 'attempt', 'taskQueue'] as const;

/**
 * The log of a worker for a terminal: warnings and errors, one line each, without stacks unless `debug`. What went wrong in
 * a run is said by the run itself.
 *
 * @param write takes a line
 */
export function workerLog(write: (line: string) => void, debug: boolean): Logger {
  return new DefaultLogger(debug ? 'INFO' : 'WARN', (entry) => {
    if (entry.message !== WITHOUT_WORKFLOWS) write(lineOf(entry, debug));
  });
}

/** As a worker of a class is meant to be. */
const WITHOUT_WORKFLOWS = 'No workflows registered, not polling for workflow tasks';

function lineOf({ level, message, meta = {}, timestampNanos }: LogEntry, debug: boolean): string {
  const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  const fields = FIELDS.filter((name) => meta[name] !== undefined).map((name) => `${name}=${String(meta[name])}`);
  const error: unknown = meta['error'];
  const why = error instanceof Error ? `: ${innermost(error).message.replaceAll(/\s+/g, ' ')}` : '';
  const stack = debug && error instanceof Error ? `\n${error.stack}` : '';
  return `${time} ${level} ${message}${why} ${fields.join(' ')}`.trimEnd() + stack;
}

function innermost(error: Error): Error {
  let at = error;
  while (at.cause instanceof Error) at = at.cause;
  return at;
}
