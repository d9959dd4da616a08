import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TrainInput } from '../../activities/train.js';
import { pythonEnv } from '../../src/dev/tools.js';
import type { trainOnce } from '../fixtures/train-once.js';
import type { World } from './world.js';

const QUEUE = 'step-training';

/** Workers for trainings, each in a process of its own with a disk of its own, as on another machine. */
export interface TrainingWorkers {
  /**
   * One that works when this returns.
   *
   * @param checkpoints so many are stored in good time, and no other
   */
  worker(options?: { readonly checkpoints?: number }): Promise<TrainingWorker>;
  /** Starts the training step of a run alone. */
  train(name: string, input: TrainInput, patient?: boolean): ReturnType<typeof startTraining>;
  /** Ends the process that was to be the next worker, and what a test that failed has left. */
  close(): Promise<void>;
}

export interface TrainingWorker {
  readonly pid: number;
  end(signal: NodeJS.Signals): Promise<void>;
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** @param spare the next one is started while one works: it is there sooner when that one is killed */
export async function trainingWorkers(world: World, { spare = false } = {}): Promise<TrainingWorkers> {
  const bundle = join(world.folder, 'train-once.js');
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../fixtures/train-once.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  await writeFile(bundle, code);
  const { python } = await pythonEnv();
  let machines = 0;
  let next: Child | undefined;
  const living = new Map<Child, Promise<unknown>>();
  const start = async (): Promise<Child> => {
    const workFolder = join(world.folder, `machine-${(machines += 1)}`);
    await mkdir(workFolder);
    const program = fileURLToPath(new URL('../fixtures/training-worker.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', program, QUEUE, bundle, workFolder, python], {
      env: { ...process.env, ...world.environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    living.set(
      child,
      once(child, 'exit').then(() => living.delete(child)),
    );
    return child;
  };
  return {
    async worker(options = {}) {
      const child = next ?? (await start());
      const gone = living.get(child) ?? Promise.resolve();
      child.stdin.write(`${JSON.stringify(options)}\n`);
      await Promise.race([once(child.stdout, 'data'), gone.then(() => Promise.reject(new Error('The worker ended')))]);
      next = spare ? await start() : undefined;
      return {
        pid: child.pid ?? 0,
        async end(signal) {
          child.kill(signal);
          await gone;
        },
      };
    },
    train: (name, input, patient = false) => startTraining(world, name, input, patient),
    async close() {
      for (const child of living.keys()) child.kill('SIGKILL');
      await Promise.all(living.values());
    },
  };
}

async function startTraining(world: World, name: string, input: TrainInput, patient: boolean) {
  return await world.temporal.client.workflow.start<typeof trainOnce>('trainOnce', {
    taskQueue: QUEUE,
    workflowId: name,
    args: [input, patient],
  });
}
