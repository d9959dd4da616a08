import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { checkDisk, checkInference, checkNode, checkProtobuf } from '../../../src/dev/doctor-machine.js';
import { checkPython } from '../../../src/dev/doctor-python.js';
import { checkClock, checkStore } from '../../../src/dev/doctor-store.js';
import { checkTemporal } from '../../../src/dev/doctor-temporal.js';
import { runDoctor, type Check } from '../../../src/dev/doctor.js';
import { freePort } from '../../../src/dev/free-port.js';
import { startRclone } from '../../../src/dev/rclone.js';
import { startTemporal, type TemporalServer } from '../../../src/dev/temporal.js';
import { SEARCH_ATTRIBUTES } from '../../../src/domain/search-attributes.js';
import { openStore } from '../../../src/stores/index.js';
import { workflowBundle } from '../../support/temporal.js';
import { until } from '../../support/until.js';
import { standIn, temporaryFolder } from './stand-ins.js';

afterEach(() => vi.unstubAllEnvs());

describe('doctor, on a machine where all is well', () => {
  let temporal: TemporalServer;
  beforeAll(async () => {
    temporal = await startTemporal();
  });
  afterAll(() => temporal.stop());

  it('passes everything, and every check says what it found', async () => {
    const worker = await idleWorker(temporal.address, 'perennial');
    const folder = await temporaryFolder();
    const where = { address: temporal.address, namespace: temporal.namespace, taskQueue: 'perennial' };
    const checks = await worker.runUntil(async () => {
      await untilPolled(where);
      return runDoctor({ temporal: where, openStore: () => openStore({ kind: 'folder', path: folder }), folder });
    });
    // Node 20 works and is warned of; the disk of a build machine may be full.
    expect(checks.filter(({ name, status }) => status !== 'pass' && name !== 'Node' && name !== 'disk')).toEqual([]);
    const names = ['Node', 'protobufjs', 'onnxruntime', 'Python', 'Temporal', 'namespace', 'search attributes'];
    expect(checks.map(({ name }) => name)).toEqual([...names, 'worker', 'store', 'disk']);
    for (const { found } of checks) expect(found).not.toBe('');
  });

  it('names the classes that have workers beside the ordinary one', async () => {
    const where = { address: temporal.address, namespace: temporal.namespace, taskQueue: 'perennial' };
    const [ordinary, first, second] = await Promise.all(
      ['perennial', 'perennial-gpu', 'perennial-gpu'].map((queue) => idleWorker(temporal.address, queue)),
    );
    await ordinary!.runUntil(
      first!.runUntil(
        second!.runUntil(async () => {
          await untilPolled(where);
          const found = async () => (await checkTemporal(where)).at(-1)?.found ?? '';
          await until('both are heard of', async () => (await found()).endsWith('; class gpu: 2'));
        }),
      ),
    );
  });

  it('names a namespace that is not there, and does not guess about what is inside', async () => {
    const where = { address: temporal.address, namespace: 'nowhere', taskQueue: 'perennial' };
    const checks = await checkTemporal(where);
    expect(summary(checks)).toEqual({
      Temporal: 'pass',
      namespace: 'fail',
      'search attributes': 'warn',
      worker: 'warn',
    });
    expect(checks[1]?.fix).toBe('temporal operator namespace create --namespace nowhere');
  });

  it('names missing search attributes and a task queue that nobody polls, with the commands that help', async () => {
    const { address, namespace } = temporal;
    const connection = await Connection.connect({ address });
    const searchAttributes = [SEARCH_ATTRIBUTES.stage];
    await connection.operatorService.removeSearchAttributes({ namespace, searchAttributes });
    await connection.close();
    const checks = await checkTemporal({ address, namespace, taskQueue: 'lonely' });
    expect(summary(checks)).toEqual({
      Temporal: 'pass',
      namespace: 'pass',
      'search attributes': 'fail',
      worker: 'fail',
    });
    expect(checks[2]?.found).toBe(`missing: ${SEARCH_ATTRIBUTES.stage}`);
    expect(checks[2]?.fix).toContain(`--name ${SEARCH_ATTRIBUTES.stage} --type Keyword`);
    expect(checks[3]?.found).toBe('nobody polls the task queue lonely');
    expect(checks[3]?.fix).toBe('start one: perennial worker --task-queue lonely');
  });
});

describe('doctor names', () => {
  it('a Temporal that does not answer', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const [temporal, ...others] = await checkTemporal({ address, namespace: 'default', taskQueue: 'perennial' });
    expect(temporal).toMatchObject({ status: 'fail', found: `nothing answers at ${address}` });
    expect(temporal?.fix).toContain('perennial dev');
    expect(others.map(({ status }) => status)).toEqual(['warn', 'warn', 'warn']);
  });

  it('a Node that is too old, and one whose line has ended', () => {
    expect(checkNode('18.20.0')).toMatchObject({ status: 'fail', fix: 'install Node 22 or 24' });
    expect(checkNode('20.18.3').status).toBe('fail');
    expect(checkNode('20.19.0').status).toBe('warn');
    expect(checkNode('22.1.0').status).toBe('pass');
  });

  it('two copies of protobufjs', async () => {
    const folder = await temporaryFolder();
    await fakePackage(folder, 'protobufjs', '7.6.6');
    for (const part of ['common', 'proto', 'client', 'worker'])
      await fakePackage(folder, `@temporalio/${part}`, '1.24.0');
    await fakePackage(path.join(folder, 'node_modules', '@temporalio', 'worker'), 'protobufjs', '8.8.1');
    const from = pathToFileURL(path.join(folder, 'index.js')).href;
    expect(checkProtobuf(from)).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('2 copies (7.6.6, 8.8.1)'),
    });
    expect(checkProtobuf()).toMatchObject({ status: 'pass' });
  });

  it('an onnxruntime that does not load', async () => {
    const check = await checkInference(() => Promise.reject(new Error('no such binding\nand more')));
    expect(check).toMatchObject({ status: 'fail', found: 'no such binding' });
  });

  it('a disk that is full, nearly full, or not there', async () => {
    const folder = await temporaryFolder();
    expect((await checkDisk(folder, 0, Infinity)).status).toBe('warn');
    expect((await checkDisk(folder, Infinity, Infinity)).status).toBe('fail');
    expect((await checkDisk(path.join(folder, 'no'))).fix).toContain('mkdir');
  });

  it('a Python that is not there, and one without what the trainer needs', async () => {
    const folder = await temporaryFolder();
    vi.stubEnv('PERENNIAL_PYTHON', path.join(folder, 'no-python'));
    expect(await checkPython()).toMatchObject({ status: 'fail', fix: expect.stringContaining('PERENNIAL_PYTHON') });
    // Answers what is asked of an interpreter, and then cannot import.
    const script =
      'case "$*" in *version_info*) echo "$0"; echo 3.12;; *find_spec*) ;; *) echo "ModuleNotFoundError: sklearn" >&2; exit 1;; esac';
    vi.stubEnv('PERENNIAL_PYTHON', await standIn(path.join(folder, 'bare-python'), script));
    const check = await checkPython();
    expect(check.status).toBe('fail');
    expect(check.found).toMatch(/bare-python cannot import the trainer: ModuleNotFoundError: sklearn$/);
  });

  it('a store that does not answer, and one that breaks its promises', async () => {
    const access = { kind: 'minio', bucket: 'perennial', accessKey: 'somebody', secretKey: 'something' } as const;
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    expect(await checkStore(() => openStore({ ...access, endpoint }))).toMatchObject({ name: 'store', status: 'fail' });
    const rclone = await startRclone();
    onTestFinished(() => rclone.stop());
    const check = await checkStore(() => openStore({ ...access, ...rclone }));
    expect(check.status).toBe('fail');
    expect(check.fix).not.toBe('');
  });

  it('a clock that differs from the store’s, by how bad it is', async () => {
    const server = createServer((_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const off = (seconds: number) => checkClock(url, () => Date.now() + seconds * 1000);
    expect((await off(0)).status).toBe('pass');
    expect((await off(120)).status).toBe('warn');
    expect((await off(-3600)).status).toBe('fail');
    expect((await checkClock(`http://127.0.0.1:${await freePort()}`)).found).toContain('not checked');
  });
});

function summary(checks: readonly Check[]): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]));
}

async function idleWorker(address: string, taskQueue: string): Promise<Worker> {
  const connection = await NativeConnection.connect({ address });
  onTestFinished(() => connection.close());
  return Worker.create({ connection, taskQueue, workflowBundle: await workflowBundle() });
}

async function untilPolled(where: { address: string; namespace: string; taskQueue: string }): Promise<void> {
  for (;;) {
    const checks = await checkTemporal(where);
    if (checks.at(-1)?.status === 'pass') return;
  }
}

async function fakePackage(folder: string, name: string, version: string): Promise<void> {
  const home = path.join(folder, 'node_modules', ...name.split('/'));
  await mkdir(home, { recursive: true });
  await writeFile(path.join(home, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  await writeFile(path.join(home, 'index.js'), '');
}
