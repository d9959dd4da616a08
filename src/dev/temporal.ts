import type { Connection } from '@temporalio/client';
import path from 'node:path';
import { mkdir } from 'node:fs/promises';
import { ensureSearchAttributes } from '../search-attributes.js';
import { freePort } from './free-port.js';
import { lockFolder } from './lock-folder.js';
import { toStderr, type Progress } from './progress.js';
import { startServer } from './start-server.js';
import { temporalBinary } from './tools.js';

export interface TemporalOptions {
  /** The SQLite file that keeps its state. Default: none, in memory. */
  readonly databaseFile?: string;
  /** Also serve the Temporal UI. Default: false. */
  readonly ui?: boolean;
  /** Settings of the server laid over ours, by their name in Temporal's dynamic configuration, as YAML values. */
  readonly dynamicConfig?: Readonly<Record<string, string>>;
  readonly progress?: Progress;
}

/** A running Temporal development server on loopback ports. */
export interface TemporalServer {
  /** Example: `127.0.0.1:41234`. */
  readonly address: string;
  /** Example: `http://127.0.0.1:41235`; only with `ui`. */
  readonly uiUrl?: string;
  /** The namespace that has our search attributes. */
  readonly namespace: string;
  readonly pid: number;
  /** Ends it. Safe to call twice. */
  stop(): Promise<void>;
}

const NAMESPACE = 'default';

/**
 * The development server's defaults are made to spare an idle laptop: they wait 50 ms before each step is handed on, let
 * short timers take a second and answer 53 listings a second. None of this is a promise of Temporal: only its defaults.
 */
const SPEED: Readonly<Record<string, string>> = {
  'history.transferProcessorMaxPollRPS': '100000',
  'history.transferProcessorMaxPollHostRPS': '100000',
  'history.timerProcessorMaxPollRPS': '100000',
  'history.timerProcessorMaxPollHostRPS': '100000',
  'history.visibilityProcessorMaxPollRPS': '100000',
  'history.visibilityProcessorMaxPollHostRPS': '100000',
  'history.timerProcessorMaxTimeShift': '"10ms"',
  'frontend.rps': '100000',
  'frontend.namespaceRPS': '100000',
  'frontend.namespaceRPS.visibility': '100000',
  // Steps that wait keep the order of their priority within a partition of their queue only, of which there would be four.
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
  // Without it a new search attribute is known to all parts of the server only after a while.
  'system.forceSearchAttributesCacheRefreshOnRead': 'true',
};

/**
 * Starts a Temporal development server of our own and returns when workflows can be started and our search attributes
 * are there. It ends with this process.
 *
 * @throws {SetupConflictError} when another process serves the same database file
 */
export async function startTemporal(options: TemporalOptions = {}): Promise<TemporalServer> {
  // Loading the client takes longer than the server takes to open its port: both at once.
  const client = import('@temporalio/client');
  client.catch(() => undefined);
  const binary = await temporalBinary(options.progress ?? toStderr);
  const file = options.databaseFile === undefined ? undefined : path.resolve(options.databaseFile);
  if (file !== undefined) await mkdir(path.dirname(file), { recursive: true });
  const lock = file === undefined ? undefined : await lockFolder('Temporal', file);
  try {
    let address = '';
    let uiUrl: string | undefined;
    const server = await startServer('Temporal', async () => {
      const [port, uiPort] = await Promise.all([freePort(), freePort()]);
      address = `127.0.0.1:${port}`;
      uiUrl = options.ui === true ? `http://127.0.0.1:${uiPort}` : undefined;
      const args = serverArguments(port, uiUrl === undefined ? undefined : uiPort, file, options.dynamicConfig);
      return { program: binary, args, port, ready: async () => makeReady((await client).Connection, address, uiUrl) };
    });
    await lock?.add(server.pid);
    const stop = async () => {
      await server.stop();
      await lock?.release();
    };
    return { address, ...(uiUrl === undefined ? {} : { uiUrl }), namespace: NAMESPACE, pid: server.pid, stop };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

function serverArguments(
  port: number,
  uiPort: number | undefined,
  file: string | undefined,
  dynamicConfig: TemporalOptions['dynamicConfig'],
): string[] {
  const settings = Object.entries({ ...SPEED, ...dynamicConfig });
  const ui = uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-disable-news-fetch'];
  const database =
    file === undefined
      ? []
      : ['--db-filename', file, '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'];
  return [
    ...`server start-dev --ip 127.0.0.1 --port ${port} --namespace ${NAMESPACE} --log-level error`.split(' '),
    ...ui,
    ...database,
    ...settings.flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
  ];
}

/** The server is ready when the namespace answers and has our search attributes, and the UI shows a page. */
async function makeReady(connector: typeof Connection, address: string, uiUrl: string | undefined): Promise<void> {
  const connection = await connector.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.workflowService.describeNamespace({ namespace: NAMESPACE });
    await ensureSearchAttributes(connection, NAMESPACE);
    if (uiUrl !== undefined) await (await fetch(uiUrl)).arrayBuffer();
  } finally {
    await connection.close();
  }
}
