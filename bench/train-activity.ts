import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Worker, type NativeConnection } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import type { TrainInput } from '../activities/train.js';
import { packCode } from '../src/code/pack-code.js';
import { defineModel } from '../src/define-model.js';
import { putBlob, putManifest } from '../src/stores/blobs.js';
import { openStore } from '../src/stores/index.js';
import type { ArtifactStore } from '../src/stores/store.js';
import type { Trainer } from '../src/trainers/trainer.js';
import { workerDeps } from '../src/worker.js';
import type { trainOnce } from '../test/fixtures/train-once.js';
import { onePartSplit } from '../test/support/one-part-split.js';
import { binaryModel } from '../test/support/onnx-models.js';
import { toySpec } from '../test/support/toy-data.js';

const TASK_QUEUE = 'train';

/** The user's code: notes when it runs with its libraries imported, and gives a model that was there before. */
const code = (imports: string) => `
import json, shutil, sys, time
${imports}
began = time.time()
job = json.load(open(sys.argv[1]))
open(job["parameters"]["note"], "w").write(str(began * 1000))
shutil.copy(job["parameters"]["model"], job["output"] + "/model.onnx")
json.dump({"metrics": {"auc": 0.5}, "versions": {}}, open(job["output"] + "/metrics.json", "w"))
`;

/** Whole trainings as a run has them, `perennial.train` with its store, on a worker of their own. */
export class TrainActivity {
  readonly worker: Worker;
  readonly #client: Client;
  readonly #scratch: string;
  readonly #input: Omit<TrainInput, 'parameters'>;
  readonly #store: ArtifactStore;

  private constructor(worker: Worker, client: Client, scratch: string, store: ArtifactStore, input: TrainInput) {
    this.worker = worker;
    this.#client = client;
    this.#scratch = scratch;
    this.#store = store;
    this.#input = input;
  }

  /** @param trainer of the kind python, its host warm */
  static async create(
    { connection, client }: { readonly connection: NativeConnection; readonly client: Client },
    { trainer, python, scratch }: { readonly trainer: Trainer; readonly python: string; readonly scratch: string },
    imports: string,
  ): Promise<TrainActivity> {
    const store = openStore(`folder:${path.join(scratch, 'store')}`);
    const trainers = { python: trainer };
    const workFolder = path.join(scratch, 'work');
    const worker = await Worker.create({
      connection,
      taskQueue: TASK_QUEUE,
      workflowBundle: await bundleWorkflowCode({
        workflowsPath: fileURLToPath(new URL('../test/fixtures/train-once.ts', import.meta.url)),
        logger: new DefaultLogger('ERROR'),
      }),
      activities: createActivities(workerDeps({ store, python: () => Promise.resolve(python), trainers, workFolder })),
    });
    await writeFile(path.join(scratch, 'base.onnx'), binaryModel({ weights: { price: 1 } }).onnx);
    return new TrainActivity(worker, client, scratch, store, await inputOf(store, scratch, imports));
  }

  /** Milliseconds from when the activity was scheduled until the user's code ran. */
  async start(): Promise<number> {
    const workflowId = randomUUID();
    // Another one each time: else the result of the last one is taken.
    const [note, model] = [path.join(this.#scratch, `note-${workflowId}`), path.join(this.#scratch, 'base.onnx')];
    const handle = await this.#client.workflow.start<typeof trainOnce>('trainOnce', {
      taskQueue: TASK_QUEUE,
      workflowId,
      args: [{ ...this.#input, parameters: { note, model } }],
    });
    await handle.result();
    const { events } = await handle.fetchHistory();
    const scheduled = events?.find(({ activityTaskScheduledEventAttributes: found }) => found)?.eventTime;
    const at = Number(scheduled?.seconds ?? NaN) * 1000 + (scheduled?.nanos ?? 0) / 1e6;
    return Number(await readFile(note, 'utf8')) - at;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}

async function inputOf(store: ArtifactStore, scratch: string, imports: string): Promise<TrainInput> {
  const folder = path.join(scratch, 'code');
  await mkdir(folder);
  await writeFile(path.join(folder, 'main.py'), code(imports));
  const packed = await packCode(folder);
  await putBlob(store, packed.tar);
  const spec = defineModel(
    toySpec('bench', scratch, {
      task: { kind: 'binary', label: 'bought', features: ['price'], eventTime: 'visited' },
      trainer: { code: 'code', entry: 'main.py' },
    }),
  );
  const ref = await putBlob(store, Buffer.from('rows that nobody reads'));
  const split = onePartSplit(ref, 1, [{ name: 'price', type: 'number' }]);
  return {
    model: 'bench',
    run: 1,
    spec: await putManifest(store, 'spec', { spec, code: packed.bundle }),
    split: await putManifest(store, 'split', split),
    timeoutMs: 600_000,
  };
}
