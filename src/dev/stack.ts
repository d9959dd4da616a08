import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { StoreConfig } from '../stores/index.js';
import { startMinio } from './minio.js';
import { toStderr, type Progress } from './progress.js';
import { pythonEnv, type PythonEnv } from './python-env.js';
import { startTemporal, type TemporalServer } from './temporal.js';

export interface StackOptions {
  /** Where everything stays for the next start: Temporal's database and the store's objects. Default: nothing stays. */
  readonly dataFolder?: string;
  /** `folder` needs `dataFolder`. */
  readonly store: 'minio' | 'folder';
  /** Also serve the Temporal UI. */
  readonly ui: boolean;
  /** Default: lines on stderr. */
  readonly progress?: Progress;
}

/** What a local Perennial stands on. */
export interface Stack {
  readonly temporal: Omit<TemporalServer, 'stop' | 'pid'>;
  /** For `openStore`. */
  readonly store: StoreConfig;
  /** Path of an interpreter that has the trainers. */
  readonly python: string;
  /** The servers' process ids. */
  readonly pids: readonly number[];
  /** Ends the servers. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts Temporal and the store and finds Python, all at the same time, installing what is not there. When one fails,
 * those that were started are ended before the error is thrown. The servers end with this process.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const progress = options.progress ?? toStderr;
  const folder = options.dataFolder === undefined ? undefined : path.resolve(options.dataFolder);
  const results = await Promise.allSettled([
    startTemporal({
      ui: options.ui,
      progress,
      ...(folder === undefined ? {} : { databaseFile: path.join(folder, 'temporal.db') }),
    }),
    startStore(options.store, folder, progress),
    pythonEnv(progress),
  ] as const);
  const [temporal, store, python] = results;
  const stop = async () => {
    const started = [temporal, store].filter((part) => part.status === 'fulfilled');
    await Promise.all(started.map((part) => part.value.stop()));
  };
  if (temporal.status === 'rejected' || store.status === 'rejected' || python.status === 'rejected') {
    await stop();
    throw firstFailure(results);
  }
  return {
    temporal: withoutControls(temporal.value),
    store: store.value.access,
    python: python.value.python,
    pids: [temporal.value.pid, ...store.value.pids],
    stop,
  };
}

const BUCKET = 'perennial';

interface StartedStore {
  readonly access: StoreConfig;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

async function startStore(
  kind: 'minio' | 'folder',
  folder: string | undefined,
  progress: Progress,
): Promise<StartedStore> {
  if (kind === 'folder') {
    if (folder === undefined) throw new TypeError('start a stack with the store "folder": it needs a data folder');
    const objects = path.join(folder, 'store');
    await mkdir(objects, { recursive: true });
    return { access: { kind, path: objects }, pids: [], stop: () => Promise.resolve() };
  }
  const server = await startMinio({
    progress,
    ...(folder === undefined ? {} : { dataFolder: path.join(folder, 'minio') }),
  });
  const { endpoint, accessKey, secretKey } = server;
  return {
    access: { kind, endpoint, bucket: BUCKET, accessKey, secretKey },
    pids: [server.pid],
    stop: () => server.stop(),
  };
}

function withoutControls({ address, uiUrl, namespace }: TemporalServer): Stack['temporal'] {
  return { address, namespace, ...(uiUrl === undefined ? {} : { uiUrl }) };
}

function firstFailure(results: readonly PromiseSettledResult<TemporalServer | StartedStore | PythonEnv>[]): unknown {
  return results.find((result) => result.status === 'rejected')?.reason;
}
