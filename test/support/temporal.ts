import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { startTemporal, type TemporalOptions } from '../../src/dev/temporal.js';

// Before the first connection makes the runtime with its defaults.
Runtime.install({ logger: new DefaultLogger('ERROR'), workerHeartbeatInterval: '1s' });

/** A Temporal server of this test file with connections to it. */
export interface TestTemporal {
  readonly address: string;
  readonly uiUrl?: string;
  readonly client: Client;
  readonly connection: NativeConnection;
  stop(): Promise<void>;
}

/** Starts a Temporal server in memory; stop it in `afterAll`. */
export async function testTemporal(options: TemporalOptions = {}): Promise<TestTemporal> {
  const server = await startTemporal(options);
  const [clientConnection, connection] = await Promise.all([
    Connection.connect({ address: server.address }),
    NativeConnection.connect({ address: server.address }),
  ]);
  return {
    address: server.address,
    ...(server.uiUrl !== undefined && { uiUrl: server.uiUrl }),
    client: new Client({ connection: clientConnection }),
    connection,
    async stop() {
      await Promise.all([clientConnection.close(), connection.close()]);
      await server.stop();
    },
  };
}

/** A worker with our workflows from their sources, bundled once a test process, and the given activities. */
export async function testWorker(temporal: TestTemporal, options: Partial<WorkerOptions>): Promise<Worker> {
  return await Worker.create({
    connection: temporal.connection,
    taskQueue: 'perennial',
    workflowBundle: await workflowBundle(),
    stickyQueueScheduleToStartTimeout: '1s',
    ...options,
  });
}

let bundle: ReturnType<typeof bundleWorkflowCode> | undefined;

/** The bundle of our workflows, from their sources. */
export function workflowBundle(): ReturnType<typeof bundleWorkflowCode> {
  const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
  bundle ??= bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  return bundle;
}
