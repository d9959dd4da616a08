import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { PerennialClient } from '../client.js';
import { freePort } from '../dev/free-port.js';
import type { Progress } from '../dev/progress.js';
import { startStack, type Stack } from '../dev/stack.js';
import { openStore } from '../stores/index.js';
import type { ArtifactStore } from '../stores/store.js';
import { openInbox, type Inbox } from './inbox.js';
import { startPerennial, type PerennialChild } from './perennial-child.js';

/** Everything that the demo stands on: real servers, a worker and a model server, each a process of its own. */
export interface Stage {
  readonly temporal: Client;
  readonly perennial: PerennialClient;
  readonly store: ArtifactStore;
  readonly inbox: Inbox;
  /** For files of ours; goes when the stage does. */
  readonly scratch: string;
  /** The Temporal UI. */
  readonly uiUrl: string;
  /** The model server. */
  readonly serverUrl: string;
  /** What to export to look around with the `perennial` command. */
  readonly environment: Readonly<Record<string, string>>;
  /** Kills the worker with -9 and returns its process id. */
  killWorker(): Promise<number>;
  startWorker(): Promise<void>;
  /** From now on a worker that ends by itself is followed by another one, unless it ends soon; `say` hears of it. */
  restartWorker(say: (text: string) => void): void;
  /** Aborted when somebody ends the demo. */
  readonly signal: AbortSignal;
  /** Rejects when the worker or the server ends by itself; never settles otherwise. */
  readonly failed: Promise<never>;
  /** Ends everything. Safe to call twice. */
  stop(): Promise<void>;
}

export interface StageOptions {
  readonly store: 'minio' | 'folder';
  /** The model that is served. */
  readonly model: string;
  readonly progress: Progress;
  /** Aborting it stops the building between its steps. */
  readonly signal: AbortSignal;
}

/** A worker that ends within this time would only do so again. */
const SOON_MS = 3000;

/** Builds the stage; what was built is taken down again when a part of it fails. */
export async function buildStage({ store: kind, model, progress, signal }: StageOptions): Promise<Stage> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    const failures: unknown[] = [];
    // One step that fails must not keep the others from being taken.
    // Looked at again each time: a worker that is just being started over comes to it late.
    for (let step = undo.pop(); step; step = undo.pop()) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    const scratch = await mkdtemp(path.join(tmpdir(), 'perennial-demo-'));
    undo.push(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }));
    const stack = await startStack({
      store: kind,
      ui: true,
      progress,
      ...(kind === 'folder' && { dataFolder: scratch }),
    });
    undo.push(() => stack.stop());
    signal.throwIfAborted();
    const store = openStore(stack.store);
    undo.push(() => store.close());
    // Makes the bucket, before two children try to.
    await store.probe();
    const connection = await Connection.connect({ address: stack.temporal.address });
    undo.push(() => connection.close());
    const temporal = new Client({ connection, namespace: stack.temporal.namespace, identity: 'perennial demo' });
    const children = await startChildren(stack, { model, scratch }, undo);
    return {
      temporal,
      perennial: new PerennialClient({ client: temporal, store }),
      store,
      inbox: await openInbox(stack.store),
      scratch,
      uiUrl: stack.temporal.uiUrl ?? '',
      environment: lookAround(stack),
      signal,
      stop,
      ...children,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startChildren(
  stack: Stack,
  { model, scratch }: { readonly model: string; readonly scratch: string },
  undo: (() => Promise<unknown>)[],
) {
  const port = await freePort();
  let report: (error: unknown) => void;
  const failed = new Promise<never>((_, reject) => {
    report = reject;
  });
  failed.catch(() => {});
  const start = async (...words: [string, ...string[]]): Promise<PerennialChild> => {
    const child = await startPerennial(words, stack);
    undo.push(() => child.stop());
    return child;
  };
  let restarts: ((text: string) => void) | undefined;
  const startWorker = async (): Promise<PerennialChild> => {
    const began = performance.now();
    const child = await start('worker', '--work-folder', path.join(scratch, 'work'));
    child.failed.catch(async (error: unknown) => {
      if (!restarts || performance.now() - began < SOON_MS) return report(error);
      try {
        worker = await startWorker();
        restarts(`The worker (process ${child.pid}) ended; another one (process ${worker.pid}) was started.`);
      } catch (again) {
        report(again);
      }
    });
    return child;
  };
  const startServer = async () => {
    const child = await start('serve', model, '--port', String(port));
    child.failed.catch((error: unknown) => report(error));
  };
  let [worker] = await Promise.all([startWorker(), startServer()]);
  return {
    serverUrl: `http://127.0.0.1:${port}`,
    failed,
    startWorker: async () => {
      worker = await startWorker();
    },
    restartWorker: (say: (text: string) => void) => {
      restarts = say;
    },
    killWorker: async () => {
      await worker.kill();
      return worker.pid;
    },
  };
}

function lookAround({ temporal, store }: Stack): Record<string, string> {
  const address = { TEMPORAL_ADDRESS: temporal.address };
  if (store.kind === 'folder') return { ...address, PERENNIAL_STORE: `folder:${store.path}` };
  return {
    ...address,
    PERENNIAL_STORE: `${store.endpoint}/${store.bucket}`,
    PERENNIAL_S3_ACCESS_KEY: store.accessKey,
    PERENNIAL_S3_SECRET_KEY: store.secretKey,
  };
}
