/** Takes one line for people, without a line end. */
export type Progress = (line: string) => void;

/** Lines go to stderr: stdout belongs to results. */
export const toStderr: Progress = (line) => {
  process.stderr.write(`${line}\n`);
};

/**
 * Repeats what is going on, with the time it has taken, while something long runs.
 *
 * @param everyMs time between lines, 15 s by default
 */
export async function withElapsed<T>(
  what: string,
  progress: Progress,
  action: () => Promise<T>,
  everyMs = 15_000,
): Promise<T> {
  const began = Date.now();
  const timer = setInterval(() => progress(`${what} ... ${seconds(Date.now() - began)}`), everyMs);
  timer.unref();
  try {
    return await action();
  } finally {
    clearInterval(timer);
  }
}

function seconds(elapsedMs: number): string {
  const whole = Math.round(elapsedMs / 1000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
