import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { packCode } from '../../src/code/pack-code.js';
import { defineModel } from '../../src/define-model.js';
import { pythonEnv } from '../../src/dev/tools.js';
import { createWorker } from '../../src/worker.js';
import { runCli } from '../src/cli/run-cli.js';
import { startPythonWorker, type PythonWorker } from '../support/python-worker.js';
import { toyDay, toyDays, toySpec } from '../support/toy-data.js';
import { exists, until } from '../support/until.js';
import { makeWheel } from '../support/wheel.js';
import { startWorld, type World } from '../support/world.js';

const TASK_QUEUE = 'python-trainers';
const FILE = 'tinywheel-1.0-py3-none-any.whl';

let world: World;
let worker: { readonly worker: Worker; readonly running: Promise<void> };
let far: PythonWorker | undefined;
let pin: string;
beforeAll(async () => {
  world = await startWorld({ worker: false });
  const { temporal, store, folder } = world;
  const python = async () => (await pythonEnv()).python;
  const made = await createWorker({ address: temporal.address, store, python, workFolder: path.join(folder, 'work') });
  worker = { worker: made, running: made.run() };
  pin = await makeWheel(folder, 'tinywheel', '1.0');
}, 300_000);
afterEach(async () => {
  await far?.kill();
  far = undefined;
});
afterAll(async () => {
  worker.worker.shutdown();
  await worker.running;
  await world.stop();
});

/** A far machine with an empty cache, that takes packages from this index only. */
async function startFar(index: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
  far = await startPythonWorker({
    TEMPORAL_ADDRESS: world.temporal.address,
    TASK_QUEUE,
    NO_PROXY: '127.0.0.1',
    PIP_FIND_LINKS: '',
    PIP_INDEX_URL: index,
    PIP_NO_CACHE_DIR: '1',
    UV_INDEX_URL: index,
    UV_NO_CACHE: '1',
    ...more,
  });
}

/** A package index with the one package of the test, which it gives when it may. */
async function startIndex(may: () => boolean = () => true) {
  const wanted: string[] = [];
  const sha256 = /sha256:(\w+)/.exec(pin)?.[1] ?? '';
  const server = createServer((request, response) => {
    if (request.url !== `/${FILE}`) {
      response.setHeader('content-type', 'text/html').end(`<a href="/${FILE}#sha256=${sha256}">${FILE}</a>`);
      return;
    }
    wanted.push(request.url);
    // Who does not get it waits, until it is killed.
    if (may()) createReadStream(path.join(world.folder, FILE)).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`, wanted };
}

/** Applies a model whose program locks the package, says what it finds of it, and has a built-in estimator train. */
async function applyLocked(name: string): Promise<{ readonly said: string; readonly lock: string }> {
  const [data, code, said] = ['data', 'code', 'said'].map((each) => path.join(world.folder, `${name}-${each}`)) as [
    string,
    string,
    string,
  ];
  await mkdir(data);
  await mkdir(code);
  for (const day of toyDays(14)) await writeFile(path.join(data, `${day}.csv`), toyDay(day));
  await writeFile(path.join(code, 'requirements.lock'), pin);
  const { python } = await pythonEnv();
  const program = `
import importlib.util, os, sys
found = importlib.util.find_spec("tinywheel") and __import__("tinywheel").VERSION
open(${JSON.stringify(said)}, "w").write(str(found))
os.execv(${JSON.stringify(python)}, [${JSON.stringify(python)}, "-m", "perennial_trainer", sys.argv[-1]])
`;
  await writeFile(path.join(code, 'train.py'), program);
  const { bundle, tar } = await packCode(code);
  const activity = { name: 'train', taskQueue: TASK_QUEUE };
  const trainer = { kind: 'activity', activity, code, entry: 'train.py', parameters: { max_iter: 20 } };
  await world.client.apply({ spec: defineModel(toySpec(name, data, { trainer })), code: bundle, codeTar: tar });
  return { said, lock: bundle.lock!.sha256 };
}

const cacheOf = (name: string) => path.join(world.folder, `${name}-cache`);

it('what the code locks is installed there, and the record says so', async () => {
  const index = await startIndex();
  await startFar(index.url, { PERENNIAL_CACHE: cacheOf('locked') });
  const { said, lock } = await applyLocked('toy-locked');
  await world.client.requestTraining('toy-locked');
  expect(await world.client.runResult('toy-locked', 1)).toMatchObject({ verdict: 'PROMOTE' });
  expect(await readFile(said, 'utf8')).toBe('1.0');
  const { training } = await world.client.run('toy-locked', 1);
  expect(training).toMatchObject({ lock, python: expect.stringMatching(/^3\.\d+\.\d+$/) });
  expect(training).not.toHaveProperty('machine');
});

it('killed while it is made, it is made anew', async () => {
  let may = false;
  const index = await startIndex(() => may);
  const cache = cacheOf('killed');
  await startFar(index.url, { PERENNIAL_CACHE: cache });
  const { said, lock } = await applyLocked('toy-killed');
  await world.client.requestTraining('toy-killed');
  await until('the package is wanted', () => index.wanted.length > 0);
  await until('it is told', async () => {
    const { stdout } = await runCli(['show', 'toy-killed', '1'], { env: world.environment });
    return stdout.includes('making the environment of requirements.lock');
  });
  await far!.kill();
  expect(await readdir(path.join(cache, 'environments'))).toHaveLength(2);
  may = true;
  await startFar(index.url, { PERENNIAL_CACHE: cache });
  expect(await world.client.runResult('toy-killed', 1)).toMatchObject({ verdict: 'PROMOTE' });
  expect(await readFile(said, 'utf8')).toBe('1.0');
  expect((await world.client.run('toy-killed', 1)).training).toMatchObject({ lock });
});

it('where the environment of the machine is the one, nothing is installed', async () => {
  const index = await startIndex();
  await startFar(index.url, { PERENNIAL_CACHE: cacheOf('own'), PERENNIAL_FAR_ENVIRONMENT: 'own' });
  const { said } = await applyLocked('toy-own');
  await world.client.requestTraining('toy-own');
  expect(await world.client.runResult('toy-own', 1)).toMatchObject({ verdict: 'PROMOTE' });
  expect(await readFile(said, 'utf8')).toBe('None');
  expect(await exists(cacheOf('own'))).toBe(false);
  const { training } = await world.client.run('toy-own', 1);
  expect(training).toHaveProperty('code');
  expect(training).not.toHaveProperty('lock');
});
