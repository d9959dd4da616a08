import { spawn } from 'node:child_process';
import { guardedCommand } from './guard.js';

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Kills the command after this long. Default: never. */
  readonly timeoutMs?: number;
  /** Aborting it kills the command and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How a command ended. */
export interface CommandResult {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  /** The last 8 kB of what it printed to stderr. */
  readonly stderr: string;
}

/** A command that did not do what it was started for. */
class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError';
}

/** Runs a command to its end, without a shell. It does not outlive us. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { signal } = options;
  signal?.throwIfAborted();
  const guarded = await guardedCommand(program, args);
  return new Promise((resolve, reject) => {
    const child = spawn(guarded.program, guarded.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-8192);
    });
    const kill = () => child.kill('SIGKILL');
    signal?.addEventListener('abort', kill, { once: true });
    child.once('error', (error) => {
      reject(new CommandFailedError(`run "${program}": ${error.message}`, { cause: error }));
    });
    child.once('close', (code) => {
      signal?.removeEventListener('abort', kill);
      if (signal?.aborted) reject(signal.reason as Error);
      else resolve({ code, stdout, stderr });
    });
  });
}

/** Like {@link runCommand}, and anything but exit code 0 is an error that shows the last lines it printed. */
export async function mustRun(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await runCommand(program, args, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-6).join('\n');
  throw new CommandFailedError(
    `run "${program} ${args.join(' ')}": it ended with ${result.code ?? 'a signal'}: ${said}`,
  );
}
