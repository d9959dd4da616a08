import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../src/dev/free-port.js';
import { startServer } from '../../src/dev/start-server.js';
import { rayEnv } from '../../src/dev/tools.js';
import { RayCluster } from '../../src/trainers/ray-cluster.js';

/** A Ray cluster of one node. */
export interface TestRay {
  /** Of the dashboard. */
  readonly address: string;
  stop(): Promise<void>;
}

/** Starts Ray on this machine alone and returns when it takes jobs. It ends with this process. */
export async function startRay(environment: Readonly<Record<string, string>> = {}): Promise<TestRay> {
  const { python } = await rayEnv(() => undefined);
  const bin = path.dirname(python);
  // Short: Ray makes sockets below it.
  const folder = await mkdtemp(path.join(tmpdir(), 'ray-'));
  let address = '';
  const server = await startServer('Ray', async () => {
    const [port, dashboard, client] = await Promise.all([freePort(), freePort(), freePort()]);
    address = `http://127.0.0.1:${dashboard}`;
    const options = {
      // Not 127.0.0.1, in place of which Ray takes an address that others can reach.
      'node-ip-address': '127.0.0.2',
      'dashboard-host': '127.0.0.1',
      'dashboard-port': dashboard,
      port,
      'ray-client-server-port': client,
      'num-cpus': 2,
      'num-gpus': 0,
      'object-store-memory': 80_000_000,
      'temp-dir': folder,
    };
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    return {
      program: python,
      args: [
        '-m',
        'ray.scripts.scripts',
        'start',
        '--head',
        '--block',
        '--disable-usage-stats',
        '--include-dashboard=true',
        ...args,
      ],
      options: { env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...environment } },
      port: dashboard,
      ready: async (signal) => {
        // It lists jobs before it takes any. `fetch` looks like a browser, from which it takes none.
        await new RayCluster(address).submit({
          entrypoint: 'true',
          submission_id: 'ready',
          runtime_env: {},
          metadata: {},
        });
        signal.throwIfAborted();
      },
    };
  });
  return {
    address,
    async stop() {
      await server.stop();
      // Some of its processes write while they end.
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}
