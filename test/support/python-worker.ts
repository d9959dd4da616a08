import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pythonWorkerEnv } from '../../src/dev/tools.js';

/** `examples/python-worker` as people start it, in a process of its own. */
export interface PythonWorker {
  readonly pid: number;
  /** What it has said on standard error. */
  talk(): string;
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>;
}

/** Starts it and returns when it polls. */
export async function startPythonWorker(environment: Readonly<Record<string, string>>): Promise<PythonWorker> {
  const { python } = await pythonWorkerEnv(() => undefined);
  const program = fileURLToPath(new URL('../../examples/python-worker/worker.py', import.meta.url));
  const child = spawn(python, [program], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let talk = '';
  child.stderr.on('data', (chunk: Buffer) => (talk += chunk.toString()));
  const gone = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    gone.then(() => Promise.reject(new Error(`The Python worker ended before it polled:\n${talk}`))),
  ]);
  return {
    pid: child.pid!,
    talk: () => talk,
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
