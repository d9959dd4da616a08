import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A worker in a process of its own, as people start it: it can be killed. */
export interface ChildWorker {
  readonly pid: number;
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
}

/** Starts `perennial worker` from the build, with these further words, and returns when it polls. */
export async function startChildWorker(
  environment: Readonly<Record<string, string>>,
  words: readonly string[] = [],
): Promise<ChildWorker> {
  const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'worker', '--json', ...words], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let talk = '';
  child.stderr.on('data', (chunk: Buffer) => (talk += chunk.toString()));
  const gone = once(child, 'exit');
  const ready = once(child.stdout, 'data');
  await Promise.race([
    ready,
    gone.then(() => Promise.reject(new Error(`The worker ended before it polled:\n${talk}`))),
  ]);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await gone;
  };
  return { pid: child.pid!, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}
