import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { TrainerHostError } from '../errors.js';
import { HostedJob } from './hosted-job.js';
import type { StartedJob } from './started-job.js';

const SUPERVISOR = 'perennial_trainer.supervisor';

/**
 * Starts a command below a supervisor of its own, which adopts what leaves its parent, its session and its group, and ends it:
 * for where there is no PID namespace to do so.
 *
 * @param python an interpreter that has perennial_trainer
 * @throws TrainerHostError when the supervisor does not run
 */
export async function startSupervised(
  python: string,
  command: readonly string[],
  { folder, env }: { readonly folder: string; readonly env: Readonly<Record<string, string>> },
): Promise<StartedJob> {
  // -I: its own modules and no others, whatever the trainer's variables and folder say.
  const child = spawn(python, ['-I', '-m', SUPERVISOR, ...command], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  const job = new HostedJob();
  child.once('error', ({ message }) => job.fail(new TrainerHostError(`Cannot run "${python}": ${message}`)));
  // Pipes to processes are sockets.
  const [, out, err, control] = child.stdio as readonly (Socket | null)[];
  if (!out || !err || !control) throw new RangeError('a process has no pipes');
  job.connect('out', out);
  job.connect('err', err);
  job.connect('control', control);
  await job.begun;
  void job.ended.then(() => child.stdin.destroy());
  return job;
}
