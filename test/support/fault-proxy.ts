import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { finished } from 'node:stream/promises';
import { FaultRules, type Fault, type FaultRule } from './fault-rules.js';
import { drop, flipped, halved } from './fault-bodies.js';

/** A fault that was really done, not only planned. */
export interface FaultEvent {
  readonly fault: Fault;
  readonly method: string;
  readonly path: string;
  /** The server's own status, where it was asked. */
  readonly status?: number;
}

/** An HTTP proxy before one server, which does harm by rule and keeps a log of it. */
export interface FaultProxy {
  /** Used instead of the server's own. Signatures stay right: the host header is passed on as it is. */
  readonly endpoint: string;
  readonly log: readonly FaultEvent[];
  /** Requests that came in, whatever was done to them: `METHOD path?query`. */
  readonly requests: readonly string[];
  /** Replaces the rules and empties both logs. */
  rules(...rules: FaultRule[]): void;
  stop(): Promise<void>;
}

export async function startFaultProxy(target: string, options: { seed?: number } = {}): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const agent = new http.Agent({ keepAlive: true });
  const rules = new FaultRules(options.seed ?? 1);
  const log: FaultEvent[] = [];
  const requests: string[] = [];

  const handle = async (request: http.IncomingMessage, answer: http.ServerResponse): Promise<void> => {
    const [method, path] = [request.method ?? '', request.url ?? ''];
    requests.push(`${method} ${path}`);
    const fault = rules.faultFor(method, path);
    const note = (status?: number): void => {
      if (fault) log.push({ fault, method, path, ...(status === undefined ? {} : { status }) });
    };
    if (fault === 'hang') return note();
    if (fault === 'reset') {
      note();
      request.socket.resetAndDestroy();
      return;
    }
    if (fault === 'unavailable' || fault === 'page') {
      request.resume();
      await finished(request);
      note();
      answer.writeHead(fault === 'page' ? 200 : 503, { 'content-type': fault === 'page' ? 'text/html' : 'text/xml' });
      answer.end(fault === 'page' ? '<html>Please log in</html>' : '<Error><Code>SlowDown</Code></Error>');
      return;
    }
    const hasBody = Number(request.headers['content-length'] ?? 0) > 0;
    const forwarded = http.request({ hostname, port, agent, method, path, headers: request.headers });
    const server = await new Promise<http.IncomingMessage>((resolve, reject) => {
      forwarded.once('response', resolve).once('error', reject);
      request.once('error', (error) => forwarded.destroy(error));
      if (fault === 'flip' && hasBody) {
        note();
        request.pipe(flipped(rules)).pipe(forwarded);
      } else {
        request.pipe(forwarded);
      }
    });
    // A server keeps an object locked as long as somebody seems to read it.
    answer.once('close', () => server.destroy());
    if (fault === 'apply-then-drop' || fault === 'apply-then-hang') {
      server.resume();
      await finished(server);
      note(server.statusCode);
      if (fault === 'apply-then-drop') request.socket.resetAndDestroy();
      return;
    }
    const headers = { ...server.headers };
    const length = Number(headers['content-length'] ?? 0);
    if (fault === 'shorten') {
      headers['content-length'] = String(Math.floor(length / 2));
      delete headers['transfer-encoding'];
    }
    answer.writeHead(server.statusCode ?? 502, headers);
    if (fault === 'truncate' || fault === 'stall' || fault === 'shorten') {
      note(server.statusCode);
      await halved(server, answer, fault, length);
      return;
    }
    if (fault === 'flip' && !hasBody) {
      note(server.statusCode);
      server.pipe(flipped(rules)).pipe(answer);
    } else {
      server.pipe(answer);
    }
    server.once('error', () => drop(answer));
  };

  const proxy = http.createServer((request, answer) => {
    handle(request, answer).catch(() => drop(answer));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is an object; a text would be a Unix socket's.
  const address = proxy.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    log,
    requests,
    rules: (...next) => {
      rules.set(next);
      log.length = 0;
      requests.length = 0;
    },
    stop: async () => {
      agent.destroy();
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
