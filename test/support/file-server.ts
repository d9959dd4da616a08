import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web server on a loopback port that keeps every request. */
export interface TestServer {
  readonly origin: string;
  readonly requests: { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers'] }[];
  stop(): Promise<void>;
}

/** Starts a server; stop it at the end. @param host another address of the loopback range, where two are needed */
export async function startServer(listener: RequestListener, host = '127.0.0.1'): Promise<TestServer> {
  const requests: TestServer['requests'] = [];
  const server = createServer((request, answer) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    listener(request, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** How a server tells versions of a file apart. */
export type Validators = 'etag' | 'weak' | 'date' | 'none';

/** Files by their path, with HEAD, ranges and If-Range, as a good web server has them. */
export class WebFiles {
  readonly bodies = new Map<string, Buffer>();
  readonly gone = new Set<string>();
  /** Breaks off the body of so many answers, each after this many bytes. */
  breaks = { times: 0, after: 0 };
  ranges = true;

  constructor(readonly validators: Validators = 'etag') {}

  readonly serve: RequestListener = (request, answer) => {
    const path = request.url?.split('?')[0] ?? '';
    const body = this.bodies.get(path);
    if (!body) return void answer.writeHead(this.gone.has(path) ? 410 : 404).end();
    const tag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
    const date = new Date(Date.UTC(2020, 0, 1) + (parseInt(tag.slice(1, 7), 16) % 100_000) * 1000).toUTCString();
    if (this.validators === 'etag') answer.setHeader('etag', tag);
    if (this.validators === 'weak') answer.setHeader('etag', `W/${tag}`);
    if (this.validators === 'date') answer.setHeader('last-modified', date);
    const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const same = [tag, date].includes(String(request.headers['if-range']));
    const start = this.ranges && from !== undefined && same ? Number(from) : 0;
    answer.setHeader('content-length', body.length - start);
    if (start > 0) answer.setHeader('content-range', `bytes ${start}-${body.length - 1}/${body.length}`);
    answer.writeHead(start > 0 ? 206 : 200);
    if (request.method === 'HEAD') answer.end();
    else this.#send(answer, body.subarray(start));
  };

  #send(answer: ServerResponse, body: Buffer): void {
    if (this.breaks.times === 0) return void answer.end(body);
    this.breaks.times -= 1;
    answer.write(body.subarray(0, this.breaks.after), () => setImmediate(() => answer.destroy()));
  }
}
