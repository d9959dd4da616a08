import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceObject } from '../../../src/domain/data.js';
import { SourceRefusedError, SourceUnavailableError } from '../../../src/errors.js';
import { AddressGuard } from '../../../src/sources/address-guard.js';
import { HttpSource, type HttpSourceOptions } from '../../../src/sources/http-source.js';
import { httpFacts } from '../../../src/sources/http-version.js';
import { objectSourceContract } from '../../contracts/source.js';
import { startServer, WebFiles, type TestServer } from '../../support/file-server.js';

const loopback = new AddressGuard(['127.0.0.0/8']);
let folder = '';
let files = 0;
const newFile = () => join(folder, `file-${(files += 1)}`);
const servers: TestServer[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-http-'));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function serve(listener: RequestListener): Promise<TestServer> {
  const server = await startServer(listener);
  servers.push(server);
  return server;
}

const source = (url: string | readonly string[], options: Partial<HttpSourceOptions> = {}) =>
  new HttpSource({ urls: typeof url === 'string' ? [url] : url, guard: loopback, ...options });
const sha256 = (body: Buffer) => createHash('sha256').update(body).digest('hex');

for (const validators of ['etag', 'weak', 'date', 'none'] as const) {
  let web: WebFiles;
  let origin = '';
  beforeAll(async () => {
    web = new WebFiles(validators);
    ({ origin } = await serve(web.serve));
  });
  let places = 0;
  objectSourceContract(`HttpSource, validators: ${validators}`, {
    id: (name) => `${origin}/${name.split('/').map(encodeURIComponent).join('/')}`,
    missing: async () => source(`${origin}/nowhere/x.csv`),
    place: async () => {
      const place = `/${(places += 1)}`;
      const urls = new Map<string, string>();
      const path = (id: string) => `${place}${new URL(id).pathname}`;
      // Its ids are URLs of this place; the suite knows them without it.
      const inPlace = (object: SourceObject) => ({ ...object, id: urls.get(object.id) ?? object.id });
      const suiteId = (object: SourceObject) => ({
        ...object,
        id: object.id.replace(`${origin}${place}/`, `${origin}/`),
      });
      const open = () => source([...urls.values()]);
      return {
        source: {
          name: `http of place ${place}`,
          list: async ({ known = [], ...options } = {}) =>
            (await open().list({ ...options, known: known.map(inPlace) })).map(suiteId),
          fetch: async (object, file, options) => open().fetch(inPlace(object), file, options),
        },
        put: async (id, bytes) => {
          urls.set(id, `${origin}${path(id)}`);
          web.bodies.set(path(id), bytes);
          web.gone.delete(path(id));
        },
        remove: async (id) => {
          web.bodies.delete(path(id));
          web.gone.add(path(id));
        },
      };
    },
  });
}

describe('HttpSource, downloads', () => {
  const body = randomBytes(900_000);
  const withBreaks = async (validators: 'etag' | 'weak' | 'date' | 'none', times: number, after = 200_000) => {
    const web = new WebFiles(validators);
    web.bodies.set('/a.csv', body);
    const server = await serve(web.serve);
    const from = source(`${server.origin}/a.csv`);
    const [object] = await from.list();
    web.breaks = { times, after };
    server.requests.length = 0;
    return { web, server, from, object: object! };
  };

  it.each(['etag', 'date'] as const)('goes on where a download broke off, by its %s', async (validators) => {
    const { from, object, server } = await withBreaks(validators, 3);
    const file = newFile();
    expect(await from.fetch(object, file)).toEqual({ sha256: sha256(body), bytes: body.length });
    expect((await readFile(file)).equals(body)).toBe(true);
    expect(server.requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      'bytes=200000-',
      'bytes=400000-',
      'bytes=600000-',
    ]);
    expect(server.requests.slice(1).every(({ headers }) => headers['if-range'])).toBe(true);
  });

  it.each(['weak', 'none'] as const)(
    'starts over when the validator is %s: the bytes may be others',
    async (validators) => {
      const { from, object, server } = await withBreaks(validators, 2);
      const file = newFile();
      expect(await from.fetch(object, file)).toEqual({ sha256: sha256(body), bytes: body.length });
      expect(server.requests.map(({ headers }) => headers.range)).toEqual([undefined, undefined, undefined]);
    },
  );

  it('takes the rest of the whole from a server that knows no ranges', async () => {
    const { web, from, object } = await withBreaks('etag', 1);
    web.ranges = false;
    const file = newFile();
    expect(await from.fetch(object, file)).toEqual({ sha256: sha256(body), bytes: body.length });
  });

  it.each(['etag', 'weak', 'date', 'none'] as const)(
    'never mixes two versions: changed between two tries, by %s',
    async (validators) => {
      const { web, from, object, server } = await withBreaks(validators, 1);
      const changed = randomBytes(body.length);
      const file = newFile();
      const fetching = from.fetch(object, file);
      while (web.breaks.times > 0) await new Promise(setImmediate);
      web.bodies.set('/a.csv', changed);
      await expect(fetching).rejects.toThrow(SourceUnavailableError);
      await expect(fetching).rejects.toThrow(/changed since it was listed/);
      expect(await readdir(folder)).not.toContain(file.slice(folder.length + 1));
      expect(server.requests.length).toBeGreaterThan(1);
    },
  );

  it('does not believe a part of another range or version', async () => {
    for (const headers of [
      { 'content-range': 'bytes 100000-899999/900000', etag: '"1"' },
      { 'content-range': 'bytes 200000-900000/900001', etag: '"1"' },
      { 'content-range': 'bytes 200000-899999/900000', etag: '"2"' },
      { 'content-range': 'bytes 200000-899999/900000' },
      { etag: '"1"' },
    ]) {
      const server = await serve((request, answer) => {
        if (request.headers.range) return void answer.writeHead(206, headers).end(body.subarray(200_000));
        answer.writeHead(200, { etag: '"1"', 'content-length': body.length });
        answer.write(body.subarray(0, 200_000), () => setImmediate(() => answer.destroy()));
      });
      const object = { id: `${server.origin}/a.csv`, version: '"1"', bytes: body.length };
      const fetching = source(object.id).fetch(object, newFile());
      await expect(fetching, JSON.stringify(headers)).rejects.toThrow(/changed since it was listed/);
    }
  });

  it('takes a body that breaks off after its last byte for whole', async () => {
    const { origin, requests } = await serve((_, answer) => {
      answer.writeHead(200, { etag: '"1"' });
      answer.write(body, () => setImmediate(() => answer.destroy()));
    });
    const object = { id: `${origin}/a.csv`, version: '"1"', bytes: body.length };
    expect(await source(object.id).fetch(object, newFile())).toEqual({ sha256: sha256(body), bytes: body.length });
    expect(requests).toHaveLength(1);
  });

  it('gives up on a server that breaks off without a byte more', async () => {
    const { from, object } = await withBreaks('etag', 100, 0);
    await expect(from.fetch(object, newFile())).rejects.toThrow(SourceUnavailableError);
  });

  it('finds out by GET what a server does not say to HEAD', async () => {
    for (const head of [405, 403, 404, 501, 200]) {
      const server = await serve((request, answer) => {
        if (request.method === 'HEAD') return void answer.writeHead(head, { 'content-length': 0 }).end();
        answer.writeHead(200, { etag: '"7"', 'content-length': 5 }).end('a\n1\n2');
      });
      const url = `${server.origin}/a.csv`;
      expect(await source(url).list(), String(head)).toEqual([{ id: url, version: '"7"', bytes: 5 }]);
    }
  });

  it('reads a file to know its length, but not one that it knows already', async () => {
    let ends = true;
    const server = await serve((request, answer) => {
      answer.writeHead(200, { etag: '"7"', 'transfer-encoding': 'chunked' });
      if (request.method === 'HEAD') answer.end();
      else if (ends) answer.end('a\n1\n2');
      else answer.write('a\n1');
    });
    const url = `${server.origin}/a.csv`;
    const known = await source(url).list();
    expect(known).toEqual([{ id: url, version: '"7"', bytes: 5 }]);
    expect(await source(url).fetch(known[0]!, newFile())).toMatchObject({ bytes: 5 });
    ends = false;
    expect(await source(url, { limits: { idleMs: 1000 } }).list({ known })).toEqual(known);
  });
});

describe('httpFacts', () => {
  const changed = 'Thu, 01 Jan 2026 00:00:00 GMT';
  const facts = (headers: IncomingHttpHeaders) => httpFacts({ 'content-length': '9', ...headers });

  it('takes the ETag for the version, else the time of the last change with the length, else nothing', () => {
    expect(facts({ etag: '"1"', 'last-modified': changed }).version).toBe('"1"');
    expect(facts({ 'last-modified': changed }).version).toBe('2026-01-01T00:00:00.000Z-9');
    expect(facts({ 'last-modified': 'yesterday' }).version).toBeUndefined();
    expect(httpFacts({ 'last-modified': changed }).version).toBeUndefined();
    expect(facts({ 'content-length': '-1' }).bytes).toBeUndefined();
  });

  it('trusts what is sure to change with every byte: a strong ETag, a change that is long ago', () => {
    expect(facts({ etag: '"1"' }).validator).toBe('"1"');
    expect(facts({ etag: 'W/"1"' }).validator).toBeUndefined();
    expect(facts({ 'last-modified': changed, date: 'Thu, 01 Jan 2026 00:01:00 GMT' }).validator).toBe(changed);
    expect(facts({ 'last-modified': changed, date: 'Thu, 01 Jan 2026 00:00:59 GMT' }).validator).toBeUndefined();
    expect(facts({ 'last-modified': changed }).validator).toBeUndefined();
  });
});

describe('HttpSource, servers that are wrong', () => {
  const known = (url: string, bytes: number): SourceObject => ({ id: url, version: '"1"', bytes });
  const headers = { etag: '"1"' };

  it('ends an endless body by maxBytes when it is listed, and by its listed length when it is fetched', async () => {
    let sent = 0;
    const endless: RequestListener = (request, answer) => {
      answer.writeHead(200, request.url === '/tagged.csv' ? headers : {});
      const more = () => {
        while (answer.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      if (request.method === 'HEAD') return void answer.end();
      answer.on('drain', more);
      more();
    };
    const { origin } = await serve(endless);
    const listing = source(`${origin}/a.csv`, { maxBytes: 1_000_000 }).list();
    await expect(listing).rejects.toThrow(SourceRefusedError);
    await expect(listing).rejects.toThrow(/more than the 1000000 bytes that `maxBytes` allows/);
    const url = `${origin}/tagged.csv`;
    await expect(source(url).fetch(known(url, 500_000), newFile())).rejects.toThrow(/more than 500000 bytes came/);
    expect(sent).toBeLessThan(50_000_000);
  });

  it('refuses a length over maxBytes before a byte of it comes', async () => {
    const { origin, requests } = await serve((_, answer) => {
      answer.writeHead(200, { ...headers, 'content-length': 10 ** 12 }).flushHeaders();
    });
    await expect(source(`${origin}/a.csv`).list()).rejects.toThrow(/1000000000000 bytes, more than the 10737418240/);
    expect(requests.map(({ method }) => method)).toEqual(['HEAD']);
  });

  it('ends a body of one byte now and then by the time that the file may take', async () => {
    const { origin } = await serve((_, answer) => {
      answer.writeHead(200, { ...headers, 'content-length': 1000 });
      const drip = setInterval(() => answer.write('x'), 20);
      answer.on('close', () => clearInterval(drip));
    });
    const url = `${origin}/a.csv`;
    const slow = source(url, { timeoutMs: 300, limits: { idleMs: 100 } });
    await expect(slow.fetch(known(url, 1000), newFile())).rejects.toThrow(SourceUnavailableError);
    await expect(slow.fetch(known(url, 1000), newFile())).rejects.toThrow(/took longer than 300 ms/);
  });

  it('gives up on a server that says nothing', async () => {
    const { origin } = await serve(() => undefined);
    const silent = source(`${origin}/a.csv`, { limits: { idleMs: 100 } });
    await expect(silent.list()).rejects.toThrow(/nothing moved for 100 ms/);
    await expect(silent.list()).rejects.toThrow(SourceUnavailableError);
  });

  it.each([
    ['shorter than its Content-Length', 1000, 999, 1000],
    ['of another Content-Length than was listed', 999, 999, 1000],
    ['longer than its Content-Length, which is not what was listed', 1000, 2000, 1500],
  ])('takes a body that is %s for none', async (_, claimed, sent, listed) => {
    const { origin } = await serve((request, answer) => {
      // Node would refuse to write another length than it announced.
      request.socket.end(
        Buffer.concat([
          Buffer.from(`HTTP/1.1 200 OK\r\netag: "1"\r\ncontent-length: ${claimed}\r\nconnection: close\r\n\r\n`),
          Buffer.alloc(sent),
        ]),
      );
      void answer;
    });
    const url = `${origin}/a.csv`;
    const file = newFile();
    await expect(source(url).fetch(known(url, listed), file)).rejects.toThrow(SourceUnavailableError);
    expect(await readdir(folder)).not.toContain(file.slice(folder.length + 1));
  });

  it('tells what heals from what does not', async () => {
    for (const [status, type] of [
      [503, SourceUnavailableError],
      [500, SourceUnavailableError],
      [429, SourceUnavailableError],
      [404, SourceRefusedError],
      [401, SourceRefusedError],
      [204, SourceRefusedError],
      [304, SourceRefusedError],
    ] as const) {
      const { origin } = await serve((_, answer) => answer.writeHead(status).end());
      await expect(source(`${origin}/a.csv`).list(), String(status)).rejects.toThrow(type);
      await expect(source(`${origin}/a.csv`).list()).rejects.toThrow(`the server answered ${status}`);
    }
    await expect(source('http://127.0.0.1:9/a.csv').list()).rejects.toThrow(SourceUnavailableError);
  });
});
