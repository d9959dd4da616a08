import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pythonEnv } from '../../../src/dev/tools.js';
import { startModelServer, type ModelServer } from '../../../src/serving/server.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { binaryModel } from '../../support/onnx-models.js';
import { publish } from './publish.js';

const run = promisify(execFile);

let folder: string;
let server: ModelServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'python-client-'));
  const store = new FolderStore(join(folder, 'store'));
  await publish(store, 'churn', binaryModel({ weights: { age: 1 }, texts: { city: { Bern: 1 } } }));
  server = await startModelServer({ store, models: ['churn'], cacheFolder: join(folder, 'cache'), logLevel: 'silent' });
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

it('model server, answers a client in Python that knows only the protocol', async () => {
  const { python } = await pythonEnv();
  const { hostname, port } = new URL(server.url);
  const script = fileURLToPath(new URL('../../support/infer-client.py', import.meta.url));
  const { stdout } = await run(python, [script, hostname, port, 'churn']);
  expect(JSON.parse(stdout)).toMatchObject({
    id: 'from Python',
    outputs: [
      { name: 'label', data: [0, 0] },
      { name: 'probabilities', shape: [2, 2], data: [0.5, 0.5, 0.5, 0.5] },
    ],
  });
});
