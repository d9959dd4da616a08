import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { startTemporal } from '../src/dev/temporal.js';
import { pythonEnv } from '../src/dev/tools.js';
import { PythonTrainer } from '../src/trainers/python-trainer.js';
import { jobIn } from '../test/src/trainers/job-in.js';
import { median } from './median.js';
import type { BenchRow } from './row.js';
import { TrainActivity } from './train-activity.js';
import type { one } from './trainer-start-workflow.js';

const ROUNDS = 30;
const IMPORTS = 'import lightgbm, sklearn.ensemble, sklearn.linear_model, sklearn.pipeline, sklearn.preprocessing';
const CODE = `${IMPORTS}\nprint('{"progress": 0.5}', flush=True)\nimport time\ntime.sleep(60)`;

export interface TrainerStartActivities {
  noop(): Promise<void>;
  /** Ends when the user's code has spoken, with scikit-learn and LightGBM imported. */
  start(): Promise<void>;
}

/**
 * From an activity that is scheduled to the user's code with its libraries imported, by the warm host, against a cold start
 * of Python with the same imports. An activity that does nothing is measured on the same server and shown apart: what is
 * left of ours after it is the trainer's own part. Beside it `perennial.train` as a run has it, with all that it reads from
 * the store and leaves there before the user's code runs. All interleaved, wall time, medians.
 */
export async function benchTrainerStart(): Promise<BenchRow[]> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const { python } = await pythonEnv();
  const scratch = await mkdtemp(path.join(tmpdir(), 'trainer-start-'));
  const trainer = new PythonTrainer({ python: () => Promise.resolve(python) });
  const temporal = await startTemporal();
  const { address } = temporal;
  const [connection, clientConnection] = await Promise.all([
    NativeConnection.connect({ address }),
    Connection.connect({ address }),
  ]);
  try {
    await trainer.warm();
    const starts = await Starts.create(trainer, scratch);
    const workflowsPath = fileURLToPath(new URL('trainer-start-workflow.ts', import.meta.url));
    const worker = await Worker.create({
      connection,
      taskQueue: 'bench',
      workflowBundle: await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
      activities: { noop: () => Promise.resolve(), start: () => starts.start() },
    });
    const client = new Client({ connection: clientConnection });
    const train = await TrainActivity.create({ connection, client }, { trainer, python, scratch }, IMPORTS);
    try {
      return await worker.runUntil(train.worker.runUntil(race({ client, starts, train, python })));
    } finally {
      await train.close();
    }
  } finally {
    await trainer.close();
    await Promise.all([connection.close(), clientConnection.close()]);
    await temporal.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Contenders {
  readonly client: Client;
  readonly starts: Starts;
  readonly train: TrainActivity;
  readonly python: string;
}

async function race({ client, starts, train, python }: Contenders): Promise<BenchRow[]> {
  const times: Record<'ours' | 'noop' | 'whole' | 'cold', number[]> = { ours: [], noop: [], whole: [], cold: [] };
  for (let round = -3; round < ROUNDS; round++) {
    const noop = await timed(() => run(client, 'noop', round));
    const ours = await timed(() => run(client, 'start', round));
    await starts.ended();
    const whole = await train.start();
    const cold = await timed(() => promisify(execFile)(python, ['-c', IMPORTS], { env: { OMP_NUM_THREADS: '1' } }));
    if (round < 0) continue;
    times.ours.push(ours);
    times.noop.push(noop);
    times.whole.push(whole);
    times.cold.push(cold);
  }
  const [ours, noop, cold] = [median(times.ours), median(times.noop), median(times.cold)];
  const load = `load ${loadavg()[0]?.toFixed(1)}`;
  const against = 'a cold start of Python with the same imports';
  return [
    {
      name: `trainer start, beyond one activity / ${against}`,
      ratio: (ours - noop) / cold,
      aim: 0.05,
      ours: ours - noop,
      theirs: cold,
      unit: 'ms',
      note: `a workflow of one activity: ${ours.toFixed(0)} ms with it, ${noop.toFixed(0)} ms doing nothing; ${load}`,
    },
    {
      name: `perennial.train from when it is scheduled to the user's code / ${against}`,
      ratio: median(times.whole) / cold,
      ours: median(times.whole),
      theirs: cold,
      unit: 'ms',
      note: load,
    },
  ];
}

/** Jobs that are begun and then ended: only the begin is measured. */
class Starts {
  readonly #trainer: PythonTrainer;
  readonly #scratch: string;
  #count = 0;
  #ended: Promise<void> = Promise.resolve();

  private constructor(trainer: PythonTrainer, scratch: string) {
    this.#trainer = trainer;
    this.#scratch = scratch;
  }

  static async create(trainer: PythonTrainer, scratch: string): Promise<Starts> {
    await writeFile(path.join(scratch, 'main.py'), CODE);
    return new Starts(trainer, scratch);
  }

  async start(): Promise<void> {
    const folder = path.join(this.#scratch, String(this.#count++));
    await mkdir(folder);
    const enough = new AbortController();
    await new Promise<void>((resolve, reject) => {
      const code = { folder: this.#scratch, sha256: '' };
      const job = jobIn(folder, { entry: 'main.py', code, graceMs: 0 });
      this.#ended = this.#trainer.train(job, { signal: enough.signal, progress: () => resolve() }).then(
        () => undefined,
        (error: unknown) => (enough.signal.aborted ? undefined : reject(error)),
      );
    });
    enough.abort(new Error('it has begun'));
  }

  /** Resolves when the last one is gone, so that its end disturbs nobody. */
  async ended(): Promise<void> {
    await this.#ended;
  }
}

async function run(client: Client, name: 'noop' | 'start', round: number): Promise<void> {
  await client.workflow.execute<typeof one>('one', {
    workflowId: `${name}-${round}`,
    taskQueue: 'bench',
    args: [name],
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
