import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startModelServer, type ModelServer } from '../../../src/serving/server.js';
import { FolderStore } from '../../../src/stores/folder-store.js';
import { binaryModel, echoModel, multiclassModel, oneNodeModel, regressionModel } from '../../support/onnx-models.js';
import { publish, register, storeBundle } from './publish.js';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

let folder: string;
let store: FolderStore;
let server: ModelServer;
let digest: string;
let firstDigest: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serve-'));
  store = new FolderStore(join(folder, 'store'));
  ({ digest: firstDigest } = await publish(
    store,
    'churn',
    binaryModel({ weights: { age: 1 }, texts: { city: { Bern: 1 } } }),
  ));
  const held = await storeBundle(store, 'churn', binaryModel({ weights: { age: 1 }, bias: 9 }));
  await register(store, 'churn', held);
  ({ digest } = await publish(
    store,
    'churn',
    binaryModel({ weights: { age: 2 }, texts: { city: { Bern: 1 } }, bias: 1 }),
  ));
  await publish(store, 'echo', echoModel());
  await publish(store, 'log', oneNodeModel('Sqrt'));
  await publish(store, 'tree', multiclassModel(['ash', 'Birke "2"', 'čedr'], { weights: { age: [0, 1, -1] } }));
  await publish(store, 'worth', regressionModel({ age: 2 }, 1));
  server = await startModelServer({
    store,
    models: ['churn', 'echo', 'log', 'tree', 'unborn', 'worth'],
    cacheFolder: join(folder, 'cache'),
    pollMs: 50,
    maxBodyBytes: 1_000_000,
    maxRows: 1000,
    logLevel: 'silent',
  });
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function call(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${server.url}${path}`, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Record<string, unknown> };
}

const infer = (path: string, body: unknown): Promise<Answer> =>
  call(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
const churn = (body: unknown): Promise<Answer> => infer('/v2/models/churn/infer', body);

const age = (...data: unknown[]) => ({ name: 'age', datatype: 'FP32', shape: [data.length, 1], data });
const city = (...data: unknown[]) => ({ name: 'city', datatype: 'BYTES', shape: [data.length, 1], data });
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

describe('model server, health and metadata', () => {
  it('says that it lives and whether it is ready', async () => {
    expect(await call('/v2/health/live')).toMatchObject({ status: 200, body: { live: true } });
    expect(await call('/v2/health/ready')).toMatchObject({ status: 200, body: { ready: true } });
  });

  it('describes itself under both paths', async () => {
    for (const path of ['/v2', '/v2/']) {
      expect(await call(path)).toMatchObject({ status: 200, body: { name: 'perennial', extensions: [] } });
    }
  });

  it('describes a model, and says which bundle answers', async () => {
    expect((await call('/v2/models/churn')).body).toEqual({
      name: 'churn',
      versions: ['1', '3'],
      platform: 'onnx_onnxv1',
      inputs: [
        { name: 'city', datatype: 'BYTES', shape: [-1, 1] },
        { name: 'age', datatype: 'FP32', shape: [-1, 1] },
      ],
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
      ],
      parameters: { digest, version: 3 },
    });
    expect((await call('/v2/models/churn/versions/1')).body).toMatchObject({ parameters: { digest: firstDigest } });
    expect(await call('/v2/models/churn/ready')).toMatchObject({ status: 200, body: { name: 'churn', ready: true } });
  });

  it('asks to come back for a model without a champion', async () => {
    for (const path of ['/v2/models/unborn', '/v2/models/unborn/ready']) {
      const { status, headers, body } = await call(path);
      expect([status, headers.get('retry-after')]).toEqual([503, '1']);
      expect(body).toEqual({ error: 'Model "unborn" cannot answer: it has no champion yet' });
    }
    expect((await infer('/v2/models/unborn/infer', {})).status).toBe(503);
  });

  it('answers what is not there with 404 and an error', async () => {
    const known = '"churn", "echo", "log", "tree", "unborn", "worth"';
    for (const path of ['/v2/models/other', '/v2/models/other/ready', '/v2/models/other/versions/1']) {
      expect(await call(path)).toMatchObject({
        status: 404,
        body: { error: `No model "other" here: served are ${known}` },
      });
    }
    expect(await infer('/v2/models/other/infer', {})).toMatchObject({ status: 404 });
    for (const path of [
      '/',
      '/v1/models/churn',
      '/v2/models',
      '/v2/models/churn/else',
      '/v2/models/..%2fchurn',
      '/v2/models/%',
    ]) {
      const { status, body } = await call(path);
      expect([path, status, typeof body['error']]).toEqual([path, 404, 'string']);
    }
  });

  it('answers a wrong method with 405', async () => {
    expect(await call('/v2/models/churn/infer')).toMatchObject({ status: 405 });
    expect(await call('/v2/models/churn', { method: 'DELETE' })).toMatchObject({ status: 405 });
    expect(await call('/v2', { method: 'POST' })).toMatchObject({ status: 405 });
  });

  it('shows its counters', async () => {
    await churn({ inputs: [age(1), city('Bern')] });
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toMatch(/perennial_infer_requests_total\{model="churn",status="200"\} \d+/);
    expect(text).toContain('perennial_served_version{model="churn"} 3');
    expect(text).toContain('perennial_model_problem{model="churn"} 0');
  });
});

describe('model server, inference', () => {
  it('answers with the outputs, the version, the digest and the id of the request', async () => {
    const { status, headers, body } = await churn({ id: 'Zürich "1"', inputs: [age(0, 1), city('Bern', 'x')] });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body).toMatchObject({
      model_name: 'churn',
      model_version: '3',
      id: 'Zürich "1"',
      parameters: { digest, version: 3 },
      outputs: [
        { name: 'label', datatype: 'INT64', shape: [2], data: [1, 1] },
        { name: 'probabilities', datatype: 'FP32', shape: [2, 2] },
      ],
    });
    const { data } = (body['outputs'] as { data: number[] }[])[1] ?? { data: [] };
    expect(data[1]).toBeCloseTo(logistic(2), 6);
    expect(data[3]).toBeCloseTo(logistic(3), 6);
  });

  it('answers with the names of classes, and tells their order', async () => {
    const { status, body } = await infer('/v2/models/tree/infer', { inputs: [age(3, -3)] });
    expect(status).toBe(200);
    const [label, probabilities] = body['outputs'] as { data: unknown[] }[];
    expect(label).toEqual({ name: 'label', datatype: 'BYTES', shape: [2], data: ['Birke "2"', 'čedr'] });
    expect(probabilities).toMatchObject({ name: 'probabilities', datatype: 'FP32', shape: [2, 3] });
    expect(probabilities?.data[1]).toBeCloseTo(Math.exp(3) / (1 + Math.exp(3) + Math.exp(-3)), 5);
    const { body: metadata } = await call('/v2/models/tree');
    expect(metadata).toMatchObject({
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 3] },
      ],
      parameters: { classes: ['ash', 'Birke "2"', 'čedr'] },
    });
  });

  it('answers with a number', async () => {
    const { body } = await infer('/v2/models/worth/infer', { inputs: [age(3, -0.5)] });
    expect(body['outputs']).toEqual([{ name: 'value', datatype: 'FP32', shape: [2, 1], data: [7, 0] }]);
    expect((await call('/v2/models/worth')).body['parameters']).not.toHaveProperty('classes');
  });

  it('leaves the id out when the request has none', async () => {
    expect((await churn({ inputs: [age(0), city('')] })).body).not.toHaveProperty('id');
  });

  it('serves a version that was champion, and refuses one that never was', async () => {
    const body = { inputs: [age(0), city('x')] };
    const first = await infer('/v2/models/churn/versions/1/infer', body);
    expect(first.body).toMatchObject({ model_version: '1', parameters: { digest: firstDigest } });
    expect((await infer('/v2/models/churn/versions/3/infer', body)).body).toMatchObject({ parameters: { digest } });
    expect(await infer('/v2/models/churn/versions/2/infer', body)).toMatchObject({
      status: 404,
      body: {
        error:
          'Model "churn" has no version "2" to serve: it was never promoted, and only what passed the gate is served',
      },
    });
    for (const version of ['0', '4', '-1', '1.0', '01', 'x', '%00', '9'.repeat(400)]) {
      const { status, body: answer } = await infer(`/v2/models/churn/versions/${version}/infer`, body);
      expect([version, status]).toEqual([version, 404]);
      expect(answer['error']).toContain('registered are 3 versions');
    }
  });

  it('does not look at the Content-Type', async () => {
    const body = JSON.stringify({ inputs: [age(0), city('x')] });
    for (const type of ['', 'text/plain', 'application/octet-stream', 'multipart/form-data; boundary=x', 'nonsense']) {
      const { status } = await call('/v2/models/churn/infer', {
        method: 'POST',
        body,
        headers: { 'content-type': type },
      });
      expect([type, status]).toEqual([type, 200]);
    }
  });

  it('takes flat and nested data, row after row', async () => {
    const shape = [2, 2];
    const one = (name: string, datatype: string, data: unknown) => ({ name, datatype, shape, data });
    const flat = [
      one('in_bool', 'BOOL', [true, false, false, true]),
      one('in_int32', 'INT32', [1, -2, 2147483647, -2147483648]),
      one('in_int64', 'INT64', [0, -1, 9007199254740991, -9007199254740991]),
      one('in_fp32', 'FP32', [0.5, 1, -2, 3e38]),
      one('in_fp64', 'FP64', [0.1, 1e308, -5e-324, 3]),
      one('in_bytes', 'BYTES', ['a', '', 'Zürich ✈', '"\\\n']),
    ];
    const nested = flat.map((tensor) => {
      const data = tensor.data as unknown[];
      return { ...tensor, data: [data.slice(0, 2), data.slice(2)] };
    });
    const [plain, other] = [
      await infer('/v2/models/echo/infer', { inputs: flat }),
      await infer('/v2/models/echo/infer', { inputs: nested }),
    ];
    expect(plain.status).toBe(200);
    expect(other.body).toEqual(plain.body);
    const outputs = plain.body['outputs'] as { name: string; data: number[] }[];
    for (const { name, data } of flat) {
      const found = outputs.find((output) => output.name === name.replace('in_', 'out_'))?.data;
      if (name === 'in_fp32') expect(found).toEqual((data as number[]).map(Math.fround));
      else expect(found).toEqual(data);
    }
  });

  it('gives only the outputs that are asked for', async () => {
    const inputs = [age(0), city('x')];
    const { body } = await churn({ inputs, outputs: [{ name: 'probabilities', parameters: { binary_data: false } }] });
    expect((body['outputs'] as { name: string }[]).map(({ name }) => name)).toEqual(['probabilities']);
    expect((await churn({ inputs, outputs: [] })).body['outputs']).toHaveLength(2);
  });

  it('takes null for a value that is missing', async () => {
    expect((await churn({ inputs: [age(0), city(null)] })).status).toBe(200);
  });

  const inputs = [age(0), city('x')];
  it.each<[string, unknown, string]>([
    ['no JSON', '{"inputs":', 'the body is not JSON'],
    ['an empty body', '', 'the body is not JSON'],
    ['a list', [], 'the body is not a JSON object'],
    ['null', 'null', 'the body is not a JSON object'],
    ['no inputs', {}, '"inputs" is not a list of tensors'],
    ['inputs that are no list', { inputs: { age: 1 } }, '"inputs" is not a list of tensors'],
    ['an input that is no object', { inputs: [null] }, 'an input has no "name"'],
    ['an id that is no text', { id: 7, inputs }, '"id" is not a text'],
    [
      'an unknown input',
      { inputs: [...inputs, { ...age(0), name: 'x' }] },
      'found input "x", the model takes "city", "age"',
    ],
    ['an input named __proto__', '{"inputs":[{"name":"__proto__"}]}', 'found input "__proto__"'],
    ['an input given twice', { inputs: [...inputs, age(1)] }, 'input "age" is given twice'],
    ['a missing input', { inputs: [age(0)] }, 'input "city" is missing'],
    ['another datatype', { inputs: [{ ...age(0), datatype: 'FP64' }, city('')] }, 'has datatype "FP64", want "FP32"'],
    [
      'no datatype',
      { inputs: [{ ...age(0), datatype: undefined }, city('')] },
      'has datatype a undefined, want "FP32"',
    ],
    ['no shape', { inputs: [{ ...age(0), shape: undefined }, city('')] }, 'has no "shape"'],
    ['a negative size', { inputs: [{ ...age(0), shape: [-1, 1] }, city('')] }, 'has no "shape"'],
    ['a broken size', { inputs: [{ ...age(0), shape: [1.5, 1] }, city('')] }, 'has no "shape"'],
    ['a shape of another rank', { inputs: [{ ...age(0), shape: [1] }, city('')] }, 'has shape [1], want [-1,1]'],
    [
      'a shape of another width',
      { inputs: [{ ...age(0, 1), shape: [1, 2] }, city('')] },
      'has shape [1,2], want [-1,1]',
    ],
    ['fewer values than the shape wants', { inputs: [{ ...age(0), shape: [2, 1] }, city('', '')] }, 'has 1 values'],
    ['no rows', { inputs: [age(), city()] }, 'has no rows'],
    [
      'inputs of different length',
      { inputs: [age(0), city('', '')] },
      'input "age" has 1 rows, the inputs before it have 2',
    ],
    ['no data', { inputs: [{ ...age(0), data: undefined }, city('')] }, 'has no "data"'],
    ['a text for a number', { inputs: [age('1'), city('')] }, 'input "age" is "1" at position 0, want a number'],
    ['a number for a text', { inputs: [age(0), city(1)] }, 'input "city" is 1 at position 0, want a text'],
    [
      'a list for a number',
      {
        inputs: [
          { ...age(0), data: [0] },
          { ...city(''), data: [{}] },
        ],
      },
      'is a list or an object',
    ],
    ['a number too large', { inputs: [age(1e39), city('')] }, 'want a number that fits into 32 bits'],
    [
      'ragged nested data',
      { inputs: [{ ...age(0, 1), data: [[0], [1, 2]] }, city('', '')] },
      'does not have shape [2,1]',
    ],
    ['nested data that is too deep', { inputs: [{ ...age(0), data: [[[0]]] }, city('')] }, 'is a list or an object'],
    ['an unknown output', { inputs, outputs: [{ name: 'odds' }] }, 'found output "odds", the model gives "label"'],
    ['an output twice', { inputs, outputs: [{ name: 'label' }, { name: 'label' }] }, 'an output is asked for twice'],
    ['outputs that are no list', { inputs, outputs: 'label' }, '"outputs" is not a list'],
    ['binary data', { inputs: [{ ...age(0), parameters: { binary_data_size: 4 } }] }, 'has binary data'],
  ])('refuses %s with 400 and says why', async (_, body, message) => {
    const { status, body: answer } = await churn(body);
    expect(status).toBe(400);
    expect(answer['error']).toContain(message);
  });

  it('refuses 64-bit numbers that JSON does not carry exactly, and numbers beyond 32 bits', async () => {
    const one = (type: string, value: string) =>
      infer(
        '/v2/models/echo/infer',
        `{"inputs":[{"name":"in_${type.toLowerCase()}","datatype":"${type}","shape":[1,2],"data":[${value},0]}]}`,
      );
    for (const value of ['9007199254740993', '-9007199254740992', '1e30', '0.5']) {
      const { status, body } = await one('INT64', value);
      expect([value, status]).toEqual([value, 400]);
      expect(body['error']).toContain('beyond which JSON numbers are not exact');
    }
    expect((await one('INT32', '2147483648')).body['error']).toContain('want a whole number of 32 bits');
    expect((await one('BOOL', '2')).body['error']).toContain('want true or false');
  });

  it('refuses bytes that are not UTF-8', async () => {
    const body = Buffer.from('{"inputs":["\xff"]}', 'latin1');
    expect(await call('/v2/models/churn/infer', { method: 'POST', body })).toMatchObject({
      status: 400,
      body: { error: 'Cannot infer: the body is not UTF-8' },
    });
  });

  it('refuses too many rows, too large a body and shapes that nothing can have', async () => {
    const rows = Array.from({ length: 1001 }, () => 0);
    expect((await churn({ inputs: [age(...rows), city(...rows.map(String))] })).status).toBe(413);
    expect((await churn({ inputs: [{ ...age(0), shape: [2 ** 52, 2 ** 52] }] })).status).toBe(413);
    expect((await churn({ inputs: [{ ...age(0), shape: [1, 2 ** 53 - 1, 4] }] })).status).toBe(413);
    const large = ' '.repeat(1_000_001);
    expect(await churn(large)).toMatchObject({ status: 413 });
    const stream = new ReadableStream({
      start(controller) {
        for (let piece = 0; piece < 20; piece++) controller.enqueue(Buffer.alloc(100_000, ' '));
        controller.close();
      },
    });
    // Sent in pieces, so without a Content-Length.
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
    expect(await call('/v2/models/churn/infer', init)).toMatchObject({ status: 413 });
    expect((await churn({ inputs })).status).toBe(200);
  });

  it('refuses a compressed body and binary tensors', async () => {
    const body = JSON.stringify({ inputs });
    const post = (headers: Record<string, string>) => call('/v2/models/churn/infer', { method: 'POST', body, headers });
    expect(await post({ 'content-encoding': 'gzip' })).toMatchObject({ status: 415 });
    expect(await post({ 'inference-header-content-length': '10' })).toMatchObject({
      status: 400,
      body: { error: 'Cannot infer: found binary tensor data, this server takes JSON data' },
    });
  });

  it('survives nesting of any depth', async () => {
    const deep = '['.repeat(400_000);
    expect((await churn(deep)).status).toBe(400);
    const closed = deep + ']'.repeat(400_000);
    expect((await churn(closed)).status).toBe(400);
    expect((await churn(`{"inputs":[{"name":"age","datatype":"FP32","shape":[1,1],"data":${closed}}]}`)).status).toBe(
      400,
    );
    expect((await churn(`{"parameters":${closed},"inputs":${JSON.stringify(inputs)}}`)).status).toBe(200);
  });

  it('does not hand out an answer that is no number', async () => {
    const x = (value: number) => ({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [value, 4] }] });
    expect((await infer('/v2/models/log/infer', x(4))).body).toMatchObject({ outputs: [{ data: [2, 2] }] });
    expect(await infer('/v2/models/log/infer', x(-1))).toMatchObject({
      status: 500,
      body: { error: 'Cannot use the model: output "probabilities" is NaN at position 0' },
    });
  });

  it('is not disturbed by a client that goes away in the middle of its body', async () => {
    const { port, hostname } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    socket.write('POST /v2/models/churn/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"inputs":');
    socket.destroy();
    expect((await churn({ inputs })).status).toBe(200);
  });
});
