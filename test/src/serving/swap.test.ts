import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobKey, ledgerKey } from '../../../src/domain/artifact.js';
import { liveServers } from '../../../src/serving/live-servers.js';
import { startModelServer, type ModelServer, type ModelServerOptions } from '../../../src/serving/server.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { sha256Hex } from '../../../src/stores/digest.js';
import { binaryModel, oneNodeModel } from '../../support/onnx-models.js';
import { BODY, closedLoop, infer, metadata, numbered, probability, until } from './asking.js';
import { promote, publish, register, storeBundle } from './publish.js';

let folder: string;
let store: FolderStore;
const servers: ModelServer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swap-'));
  store = new FolderStore(join(folder, 'store'));
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<ModelServerOptions> = {}): Promise<ModelServer> {
  const server = await startModelServer({
    store,
    models: ['churn'],
    cacheFolder: join(folder, 'cache'),
    pollMs: 20,
    logLevel: 'silent',
    ...options,
  });
  servers.push(server);
  return server;
}

describe('model server, changing to a new champion', () => {
  it('fails no request during twenty changes, and no answer mixes two models', async () => {
    const digests = new Map<string, number>();
    digests.set((await publish(store, 'churn', numbered(0))).digest, 0);
    const server = await start();
    const stop = new AbortController();
    const answers = closedLoop(server.url, 8, stop.signal);
    for (let number = 1; number <= 20; number++) {
      const { digest } = await publish(store, 'churn', numbered(number));
      digests.set(digest, number);
      await until(({ parameters }) => parameters?.digest === digest, server);
    }
    stop.abort();
    const all = await answers;
    expect(all.length).toBeGreaterThan(500);
    expect(all.filter(({ status }) => status !== 200)).toEqual([]);
    for (const answer of all) {
      const number = digests.get(answer.digest ?? '') ?? -1;
      expect(answer.version).toBe(number + 1);
      expect(answer.probability).toBeCloseTo(probability(number), 6);
    }
    expect(new Set(all.map(({ digest }) => digest)).size).toBeGreaterThan(10);
  });

  it('goes back to an earlier champion when that is promoted again', async () => {
    const first = await publish(store, 'churn', numbered(1));
    await publish(store, 'churn', numbered(2));
    const server = await start();
    expect((await metadata(server)).parameters?.version).toBe(2);
    await promote(store, 'churn', 1);
    await until(({ parameters }) => parameters?.digest === first.digest && parameters.version === 1, server);
  });

  it('names the version of a bundle that was registered again', async () => {
    const { digest } = await publish(store, 'churn', numbered(1));
    const server = await start();
    await promote(store, 'churn', await register(store, 'churn', digest));
    await until(({ parameters }) => parameters?.digest === digest && parameters.version === 2, server);
  });

  it('finds models by their ledgers, and begins to answer when the first champion comes', async () => {
    await register(store, 'churn', await storeBundle(store, 'churn', numbered(1)));
    const server = await start({ models: 'discover' });
    expect((await metadata(server)).error).toContain('it has no champion yet');
    expect((await fetch(`${server.url}/v2/health/ready`)).status).toBe(200);
    await promote(store, 'churn', 1);
    await until(({ parameters }) => parameters?.version === 1, server);
  });

  it('answers what is under way when it is stopped, and takes no more', async () => {
    await publish(store, 'churn', numbered(1));
    const server = await start();
    const call = request(`${server.url}/v2/models/churn/infer`, {
      method: 'POST',
      headers: { expect: '100-continue' },
    });
    call.flushHeaders();
    // The server has begun with this request, and waits for its body.
    await once(call, 'continue');
    const stopping = server.stop();
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
    call.end(BODY);
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    expect([response.statusCode, response.headers.connection]).toEqual([200, 'close']);
    response.resume();
    await stopping;
  });

  it('can be stopped twice, and while it starts to load', async () => {
    await publish(store, 'churn', numbered(1));
    const server = await start();
    await publish(store, 'churn', numbered(2));
    await Promise.all([server.stop(), server.stop()]);
    expect(await liveServers(store, 'churn')).toEqual([]);
  });
});

describe('model server, with a bundle that cannot be used', () => {
  const good = numbered(1);

  it.each<[string, () => Promise<string>, string]>([
    [
      'a model file that is no model',
      () => storeBundle(store, 'churn', { ...good, onnx: Buffer.from('garbage') }),
      'Cannot use the model',
    ],
    [
      'another signature',
      () => storeBundle(store, 'churn', { ...good, inputs: binaryModel({ weights: { income: 1 } }).inputs }),
      'does not fit its signature',
    ],
    ['an answer that is no number', () => storeBundle(store, 'churn', oneNodeModel('Log')), 'is -Infinity'],
    ['the bundle of another model', () => storeBundle(store, 'other', good), 'it is of model "other", want "churn"'],
    ['no manifest', () => Promise.resolve('d'.repeat(64)), 'STORE.MISSING'],
  ])('keeps the last good one: %s', async (_, make, message) => {
    const { digest } = await publish(store, 'churn', numbered(7));
    const server = await start();
    await promote(store, 'churn', await register(store, 'churn', await make()));
    const found = await until(({ parameters }) => parameters?.problem !== undefined, server);
    expect(found.parameters).toMatchObject({ digest, version: 1 });
    if (!message.startsWith('STORE')) expect(found.parameters?.problem).toContain(message);
    const agent = new Agent();
    expect(await infer(server.url, agent)).toMatchObject({ status: 200, digest });
    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain('perennial_model_problem{model="churn"} 1');
    // And goes on as soon as there is something better.
    const better = await publish(store, 'churn', numbered(8));
    const after = await until(({ parameters }) => parameters?.digest === better.digest, server);
    expect(after.parameters?.problem).toBeUndefined();
  });

  it('keeps the last good one when a byte of the model file was flipped, and takes it once it is whole', async () => {
    const { digest } = await publish(store, 'churn', numbered(7));
    const server = await start();
    const made = numbered(8);
    const bundle = await storeBundle(store, 'churn', made);
    const file = join(folder, 'store', blobKey(sha256Hex(made.onnx)));
    const flipped = Buffer.from(made.onnx);
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    await rm(file);
    await writeFile(file, flipped);
    await promote(store, 'churn', await register(store, 'churn', bundle));
    const found = await until(({ parameters }) => parameters?.problem !== undefined, server);
    expect(found.parameters?.digest).toBe(digest);
    await rm(file);
    await writeFile(file, made.onnx);
    await until(({ parameters }) => parameters?.digest === bundle && parameters.problem === undefined, server);
  });
});

describe('model server, with a damaged ledger', () => {
  it('keeps the last good one and says so', async () => {
    const { digest } = await publish(store, 'churn', numbered(1));
    const server = await start();
    const forged = { generation: 3, reason: 'I would like to be champion.' };
    await store.create(ledgerKey('churn', 3), Buffer.from(JSON.stringify(forged)));
    const found = await until(({ parameters }) => parameters?.problem !== undefined, server);
    expect(found.parameters).toMatchObject({ digest, version: 1 });
    expect(found.parameters?.problem).toContain('Cannot believe entry 3 of the ledger of "churn"');
  });
});
