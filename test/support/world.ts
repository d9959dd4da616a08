import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from '@temporalio/worker';
import { PerennialClient } from '../../src/client.js';
import { defineModel } from '../../src/define-model.js';
import { startMinio, type S3Server } from '../../src/dev/minio.js';
import { pythonEnv } from '../../src/dev/tools.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { openStore } from '../../src/stores/index.js';
import type { ArtifactStore } from '../../src/stores/store.js';
import { createWorker } from '../../src/worker.js';
import { testTemporal, type TestTemporal } from './temporal.js';
import { toyDay, toySpec } from './toy-data.js';

/** Everything real: Temporal, MinIO, a worker in this process, Python trainers. */
export interface World {
  readonly temporal: TestTemporal;
  readonly minio: S3Server;
  readonly store: ArtifactStore;
  readonly client: PerennialClient;
  /** A folder that is removed at the end. */
  readonly folder: string;
  /** What `PERENNIAL_STORE` and its credentials are for a child process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Makes a data folder with these days of the toy shop and applies a spec that learns from it. */
  applyToy(name: string, days: readonly string[], changes?: Partial<ModelSpecInput>): Promise<ToyModel>;
  stop(): Promise<void>;
}

export interface ToyModel {
  readonly name: string;
  readonly data: string;
  addDay(day: string, text?: string | Buffer): Promise<void>;
}

/** Starts a world; stop it in `afterAll`. `worker: false` leaves the task queue without a worker. */
export async function startWorld(options: { readonly worker?: boolean; readonly ui?: boolean } = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-world-'));
  const [temporal, minio] = await Promise.all([testTemporal({ ui: options.ui ?? false }), startMinio()]);
  const environment = {
    PERENNIAL_STORE: `${minio.endpoint}/perennial`,
    PERENNIAL_S3_ACCESS_KEY: minio.accessKey,
    PERENNIAL_S3_SECRET_KEY: minio.secretKey,
    TEMPORAL_ADDRESS: temporal.address,
  };
  const store = openStore(environment.PERENNIAL_STORE, environment);
  const python = async () => (await pythonEnv()).python;
  const workFolder = join(folder, 'work');
  const worker =
    options.worker === false ? undefined : await createWorker({ address: temporal.address, store, python, workFolder });
  if (!worker) await store.probe();
  const running = worker?.run();
  const client = new PerennialClient({ client: temporal.client, store });
  return {
    temporal,
    minio,
    store,
    client,
    folder,
    environment,
    async applyToy(name, days, changes) {
      const data = join(folder, name);
      await mkdir(data, { recursive: true });
      const toy: ToyModel = {
        name,
        data,
        addDay: (day, text = toyDay(day)) => writeFile(join(data, `${day}.csv`), text),
      };
      for (const day of days) await toy.addDay(day);
      await client.apply({ spec: defineModel(toySpec(name, data, changes)) });
      return toy;
    },
    async stop() {
      await endWorker(worker, running);
      await store.close();
      await Promise.all([temporal.stop(), minio.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function endWorker(worker: Worker | undefined, running: Promise<void> | undefined): Promise<void> {
  worker?.shutdown();
  await running;
}
