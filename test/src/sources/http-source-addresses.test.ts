import type { LookupAddress } from 'node:dns';
import type { RequestListener } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { SourceRefusedError } from '../../../src/errors.js';
import { AddressGuard } from '../../../src/sources/address-guard.js';
import { nextUrl } from '../../../src/sources/http-call.js';
import { HttpSource, type HttpSourceOptions } from '../../../src/sources/http-source.js';
import { openSource } from '../../../src/sources/index.js';
import { startServer, type TestServer } from '../../support/file-server.js';

const servers: TestServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop())));

async function serve(listener: RequestListener, host?: string): Promise<TestServer> {
  const server = await startServer(listener, host);
  servers.push(server);
  return server;
}

const source = (url: string | readonly string[], options: Partial<HttpSourceOptions> = {}) =>
  new HttpSource({
    urls: typeof url === 'string' ? [url] : url,
    guard: new AddressGuard(['127.0.0.0/8']),
    ...options,
  });

describe('HttpSource, where it may connect to', () => {
  const ok: RequestListener = (_, answer) => answer.writeHead(200, { etag: '"1"', 'content-length': 1 }).end('x');
  const noAnswer = new AddressGuard([], () => {
    throw new Error('a literal address was looked up');
  });

  it.each([
    'http://127.0.0.1',
    'http://[::1]',
    'http://[::ffff:10.0.0.1]',
    'http://[::ffff:8.8.8.8]',
    'http://0x7f000001',
    'http://2130706433',
    'http://0177.0.0.1',
    'http://127.1',
    'http://0',
    'http://0.0.0.0',
    'http://169.254.169.254/latest/meta-data',
    'http://10.1.2.3',
    'http://172.31.255.255',
    'http://192.168.0.1',
    'http://100.64.0.1',
    'http://198.18.0.1',
    'http://224.0.0.1',
    'http://255.255.255.255',
    'http://[::]',
    'http://[fe80::1]',
    'http://[fc00::1]',
    'http://[fd12:3456::1]',
    'http://[64:ff9b::7f00:1]',
    'http://[64:ff9b:1::1]',
    'http://[2002:7f00:1::]',
    'http://[2001::1]',
    'http://[ff02::1]',
  ])('refuses %s, which is no public address', async (url) => {
    const refused = source(url, { guard: noAnswer });
    await expect(refused.list()).rejects.toThrow(SourceRefusedError);
    await expect(refused.list()).rejects.toThrow(/is no public address/);
    await expect(refused.list()).rejects.toMatchObject({ fix: expect.stringMatching(/PERENNIAL_HTTP_ALLOW/) });
  });

  it('takes public addresses, and what the worker allows', () => {
    const guard = new AddressGuard(['10.1.0.0/16', '192.168.7.7', 'fd00:1::/32', 'files.internal']);
    for (const host of ['8.8.8.8', '[2606:4700::1111]', '10.1.9.9', '192.168.7.7', '[fd00:1::5]', '172.32.0.1']) {
      expect(() => guard.check(host), host).not.toThrow();
    }
    for (const host of ['10.2.0.1', '192.168.7.8', '[fd00:2::5]', '127.0.0.1']) {
      expect(() => guard.check(host), host).toThrow(/no public address/);
    }
    for (const wrong of ['10.0.0.0/33', '10.0.0.0/x', 'a b', '300.1.1.1', '::1/129', 'a/8', '', '1/2/3']) {
      expect(() => new AddressGuard([wrong]), wrong).toThrow(SourceRefusedError);
    }
  });

  it('refuses names of loopback addresses', async () => {
    const { origin, requests } = await serve(ok);
    const url = origin.replace('127.0.0.1', 'localhost');
    await expect(source(`${url}/a.csv`, { guard: new AddressGuard() }).list()).rejects.toThrow(
      /localhost, which is (127\.0\.0\.1|::1), is no public address/,
    );
    expect(requests).toEqual([]);
    const allowed = source(`${url}/a.csv`, { guard: new AddressGuard(['LOCALHOST']) });
    expect(await allowed.list()).toHaveLength(1);
  });

  it('connects to the very address that it looked at, when a name is one thing now and another a moment later', async () => {
    // 127.0.0.2 stands for a public address here, 127.0.0.1 for one of the worker's own network.
    const inside = await serve(ok);
    const port = Number(new URL(inside.origin).port);
    const answers: string[] = [];
    const rebinding = new AddressGuard(['127.0.0.2'], (_host, _options, found) => {
      const address = answers.length % 2 === 0 ? '127.0.0.2' : '127.0.0.1';
      answers.push(address);
      found(null, [{ address, family: 4 }] satisfies LookupAddress[]);
    });
    const tricky = source(`http://rebinding.example:${port}/a.csv`, { guard: rebinding });
    for (let turn = 0; turn < 4; turn++) await expect(tricky.list()).rejects.toThrow();
    expect(answers.length).toBeGreaterThanOrEqual(4);
    expect(inside.requests).toEqual([]);
  });

  it('takes the public ones of several addresses of a name', async () => {
    const server = await serve(ok);
    const port = Number(new URL(server.origin).port);
    const mixed = new AddressGuard(['127.0.0.1'], (_host, _options, found) => {
      found(null, [
        { address: '10.0.0.1', family: 4 },
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]);
    });
    expect(await source(`http://mixed.example:${port}/a.csv`, { guard: mixed }).list()).toHaveLength(1);
  });

  it('looks at each redirect: to a private address, a file, another scheme, a name with a password', async () => {
    const inside = await serve(ok, '127.0.0.3');
    const guard = new AddressGuard(['127.0.0.1']);
    for (const [to, why] of [
      [`${inside.origin}/a.csv`, /127\.0\.0\.3 is no public address/],
      ['http://0x7f000003/', /127\.0\.0\.3 is no public address/],
      ['http://[::ffff:127.0.0.3]/', /is no public address/],
      ['file:///etc/passwd', /begins with file:/],
      ['gopher://127.0.0.1/', /begins with gopher:/],
      ['http://me:hidden@127.0.0.1/', /with a user name/],
      ['http://', /no URL/],
    ] as const) {
      const { origin } = await serve((_, answer) => answer.writeHead(302, { location: to }).end());
      const error = await source(`${origin}/a.csv`, { guard })
        .list()
        .catch((caught: unknown) => caught);
      expect(error, to).toBeInstanceOf(SourceRefusedError);
      expect(String(error)).toMatch(why);
      expect(String(error)).not.toMatch(/hidden/);
    }
    expect(inside.requests).toEqual([]);
  });

  it('is not sent on from https to http, but from http to https', () => {
    const from = (url: string, to: string) => () => nextUrl(new URL(url), to).href;
    expect(from('https://example.com/a', 'http://example.com/a')).toThrow(/from https to http/);
    expect(from('https://example.com/a', '//other.example/b')()).toBe('https://other.example/b');
    expect(from('http://example.com/a', 'https://example.com/a')()).toBe('https://example.com/a');
  });

  it('follows five redirects and no sixth', async () => {
    const { origin } = await serve((request, answer) => {
      const left = Number(request.url?.slice(1));
      if (left > 0) answer.writeHead(307, { location: `/${left - 1}` }).end();
      else ok(request, answer);
    });
    expect(await source(`${origin}/5`).list()).toHaveLength(1);
    await expect(source(`${origin}/6`).list()).rejects.toThrow(/sent on more than 5 times/);
    await expect(source(`${origin}/6`).list()).rejects.toThrow(SourceRefusedError);
  });

  it('refuses file, gopher and other schemes, user names, and the same file twice', () => {
    for (const url of [
      'file:///etc/passwd',
      'gopher://example.com/',
      'ftp://example.com/a.csv',
      'javascript:1',
      'a.csv',
    ]) {
      expect(() => source(url), url).toThrow(SourceRefusedError);
    }
    expect(() => source('https://me:hidden@example.com/a.csv')).toThrow(/^(?!.*hidden).*with a user name/);
    expect(() => source(['https://example.com/a.csv', 'https://EXAMPLE.com/a.csv#x'])).toThrow(/named twice/);
  });
});

describe('HttpSource, what it keeps to itself', () => {
  const headersOf = (env: Record<string, string>, headers: Record<string, { env: string }>, urls: string[]) =>
    openSource(
      { kind: 'http', urls, headers, maxBytes: 1000, timeout: '5s' },
      { env: { PERENNIAL_HTTP_ALLOW: '127.0.0.0/8, ::1', ...env } },
    );
  const secret = 'Bearer hush-hush';

  it('sends headers from the environment, and to no other origin than that of the URL', async () => {
    const other = await serve((_, answer) => answer.writeHead(200, { etag: '"1"', 'content-length': 1 }).end('x'));
    const first = await serve((request, answer) => {
      const to = request.url === '/here' ? '/b' : `${other.origin}/c`;
      answer.writeHead(302, { location: to }).end();
    });
    const headers = { Authorization: { env: 'ORDERS_TOKEN' }, 'X-Key': { env: 'ORDERS_TOKEN' } };
    await headersOf({ ORDERS_TOKEN: secret }, headers, [`${first.origin}/here`]).list();
    expect(first.requests.map(({ url, headers: sent }) => [url, sent.authorization, sent['x-key']])).toEqual([
      ['/here', secret, secret],
      ['/b', secret, secret],
    ]);
    expect(other.requests.map(({ headers: sent }) => [sent.authorization, sent['x-key']])).toEqual([
      [undefined, undefined],
    ]);
    expect(other.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('names a variable that is missing, and never a value', () => {
    const open = (variable: string, header = 'Authorization', env = {}) =>
      headersOf(env, { [header]: { env: variable } }, ['https://example.com/a.csv']);
    expect(() => open('ORDERS_TOKEN')).toThrow(SourceRefusedError);
    expect(() => open('ORDERS_TOKEN')).toThrow(/ORDERS_TOKEN is not set/);
    const broken = () => open('ORDERS_TOKEN', 'Authorization', { ORDERS_TOKEN: 'two\nlines' });
    expect(broken).toThrow(/the value of ORDERS_TOKEN has a character/);
    expect(broken).not.toThrow(/two/);
    expect(() => open('ORDERS_TOKEN', 'Host', { ORDERS_TOKEN: 'x' })).toThrow(/sets it itself/);
    expect(() => open('ORDERS_TOKEN', 'a b', { ORDERS_TOKEN: 'x' })).toThrow(/no name of a header/);
    expect(() => open('PERENNIAL_S3_SECRET_KEY', 'X', { PERENNIAL_S3_SECRET_KEY: 'x' })).toThrow(/the worker's own/);
  });

  it('shows no query and no header in ids, names and errors', async () => {
    const { origin } = await serve((_, answer) => answer.writeHead(403).end());
    const urls = [`${origin}/export.csv?sig=hush-hush&day=1`, `${origin}/export.csv?sig=hush-hush&day=2`];
    const asked = headersOf({ TOKEN: secret }, { Authorization: { env: 'TOKEN' } }, urls);
    const error: unknown = await asked.list().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SourceRefusedError);
    expect(`${asked.name} ${JSON.stringify(error)} ${String(error)}`).not.toContain('hush');
    const { origin: good } = await serve((request, answer) => {
      answer.writeHead(200, { etag: `"${request.url?.at(-1)}"`, 'content-length': 1 }).end('x');
    });
    const listed = await source(urls.map((url) => url.replace(origin, good))).list();
    expect(listed.map(({ version }) => version).toSorted()).toEqual(['"1"', '"2"']);
    for (const { id } of listed) expect(id).toMatch(/^query [0-9a-f]{8} of http:.*\/export[.]csv$/);
    const [alone] = await source(`${good}/export.csv?sig=hush-hush&day=1`).list();
    expect(alone?.id).toBe(`${good}/export.csv`);
  });
});
