import { EXIT_CODES } from './exit-codes.js';

/** How the process was asked to end, if it was. */
export interface Signals {
  /** Aborted by the first Ctrl-C or SIGTERM. A second one ends the process at once. */
  readonly signal: AbortSignal;
  /** The exit code of a command that returned: its own, or 130 after Ctrl-C. After SIGTERM its own: it ended in order. */
  exitCode(own: number): number;
  /** The exit code of a command that threw because it was interrupted; undefined when it was not. */
  exitCodeAfterError(): number | undefined;
}

/** Watches for Ctrl-C and SIGTERM from now on. */
export function watchSignals(): Signals {
  const controller = new AbortController();
  let received: 'SIGINT' | 'SIGTERM' | undefined;
  const onSignal = (name: 'SIGINT' | 'SIGTERM') => {
    if (received !== undefined) process.exit(codeOf(name));
    received = name;
    controller.abort(new Error(`interrupted by ${name}`));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    exitCode: (own) => (received === 'SIGINT' ? EXIT_CODES.interrupted : own),
    exitCodeAfterError: () => (received === undefined ? undefined : codeOf(received)),
  };
}

function codeOf(name: 'SIGINT' | 'SIGTERM'): number {
  return name === 'SIGINT' ? EXIT_CODES.interrupted : 143;
}
