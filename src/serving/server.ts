import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { destination, pino, type LevelWithSilent } from 'pino';
import { privateFolder } from '../cache-folder.js';
import { isName } from '../domain/artifact.js';
import { InferenceThread } from '../inference/inference-thread.js';
import { BlobCache } from '../stores/blobs.js';
import type { ArtifactStore } from '../stores/store.js';
import { Announcer } from './announcer.js';
import { answerInfer } from './infer-endpoint.js';
import { ModelFollower } from './model-follower.js';
import { RequestProfiler } from './request-profiler.js';
import { routes } from './routes.js';
import { ServingState } from './serving-state.js';

export interface ModelServerOptions {
  readonly store: ArtifactStore;
  /** Names of the models to serve, or `discover`: every model that has a ledger, also one that gets it later. */
  readonly models: readonly string[] | 'discover';
  /** Default: 127.0.0.1, so that only this machine can reach it. */
  readonly host?: string;
  /** Default: 0, any free port. */
  readonly port?: number;
  /** How others reach this server. Default: host and port; for a host that stands for all addresses, the host name. */
  readonly publicUrl?: string;
  /** How often the ledger is looked at, in milliseconds. Default: 500. */
  readonly pollMs?: number;
  /** Where model files are kept. Default: `models` in `PERENNIAL_CACHE` or `~/.cache/perennial`. */
  readonly cacheFolder?: string;
  /** Most bytes of model files that are kept. Default: 2 GiB. */
  readonly cacheBytes?: number;
  /** Whether deploying waits for this server: it then says in the store that it is there. Default: true. */
  readonly announce?: boolean;
  /**
   * How often profiles of what was asked are written to the store, in milliseconds: runs compare them with the training
   * rows. They hold counts, and the values of text inputs that come often. 0: not kept. Default: 30,000.
   */
  readonly profileMs?: number;
  /** Default: 32 MiB. */
  readonly maxBodyBytes?: number;
  /** Default: 100,000. */
  readonly maxRows?: number;
  /** Log lines go to stderr as JSON. Default: info. */
  readonly logLevel?: LevelWithSilent;
}

export interface ModelServer {
  readonly url: string;
  /** Stops taking requests, answers those under way, takes the announcements back. */
  stop(): Promise<void>;
}

const DISCOVER_EVERY_MS = 5000;
const FIRST_LOOK_MS = 5000;
const LAST_ANSWERS_MS = 5000;

/**
 * Starts a model server: the Open Inference Protocol v2 over HTTP, for the champions of models. It follows the ledgers in
 * the store, changes to a new champion without failing a request, and goes on with what it has while the store is away.
 * Resolves when it listens and has had a first look at the store; `/v2/health/ready` says whether all models answer.
 *
 * @throws what `listen` throws, for example when the port is taken
 */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const { store, models, host = '127.0.0.1', pollMs = 500 } = options;
  const unfit = models === 'discover' ? undefined : models.find((model) => !isName(model));
  if (unfit !== undefined) throw new RangeError(`Cannot serve "${unfit}": that is no model name`);
  const log = pino({ name: 'perennial-serve', level: options.logLevel ?? 'info' }, destination({ fd: 2, sync: true }));
  const stopping = new AbortController();
  // Every call to the store under way listens to it.
  setMaxListeners(0, stopping.signal);
  const limits = { maxBodyBytes: options.maxBodyBytes ?? 32 * 1024 * 1024, maxRows: options.maxRows ?? 100_000 };
  const state = new ServingState(log, limits, stopping.signal);
  const { profileMs = 30_000 } = options;
  if (profileMs > 0) state.profiler = new RequestProfiler(store, state, profileMs);
  const http = httpServer(state);
  const url = await listen(http, host, options.port ?? 0, options.publicUrl);
  const announcer = options.announce === false ? undefined : new Announcer(store, state, url);

  let thread: InferenceThread | undefined;
  const place = {
    store,
    cache: new BlobCache(store, options.cacheFolder ?? privateFolder('models'), {
      maxBytes: options.cacheBytes ?? 2 * 1024 ** 3,
    }),
    thread: () => (thread === undefined || thread.ended ? (thread = new InferenceThread()) : thread),
    log,
    onSwap: (follower: ModelFollower) => announcer?.announce(follower),
  };
  const loops: Promise<void>[] = [];
  const follow = (model: string): Promise<void> => {
    const follower = new ModelFollower(place, model);
    state.followers.set(model, follower);
    const firstLook = follower.look(stopping.signal);
    announcer?.announce(follower);
    loops.push(firstLook.then(() => every(pollMs, stopping.signal, () => follower.look(stopping.signal))));
    return firstLook;
  };
  const begin =
    models === 'discover'
      ? discover(store, state, follow).then(() => {
          loops.push(every(DISCOVER_EVERY_MS, stopping.signal, () => discover(store, state, follow)));
        })
      : Promise.all(models.map(follow));
  await Promise.race([begin, delay(FIRST_LOOK_MS, undefined, { ref: false })]);
  await announcer?.settled();
  log.info({ url, store: store.name, models: [...state.followers.keys()] }, 'serving');

  const stop = async (): Promise<void> => {
    stopping.abort(new Error('the server stops'));
    await Promise.all([closeHttp(http), announcer?.stop()]);
    await state.profiler?.stop();
    await begin;
    await Promise.all(loops);
    await thread?.close();
    log.info('stopped');
  };
  let stopped: Promise<void> | undefined;
  return { url, stop: () => (stopped ??= stop()) };
}

function httpServer(state: ServingState): Server {
  const others = getRequestListener(routes(state).fetch, { overrideGlobalObjects: false });
  const server = createServer({ requestTimeout: 60_000 }, (request, response) => {
    if (state.signal.aborted) response.setHeader('connection', 'close');
    if (!answerInfer(state, request, response)) void others(request, response);
  });
  // Longer than what load balancers keep idle connections for: they, not we, close first, and no request meets a
  // connection that is just being closed.
  server.keepAliveTimeout = 75_000;
  return server;
}

async function listen(http: Server, host: string, port: number, publicUrl: string | undefined): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, resolve);
  });
  const address = http.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  const name = host === '0.0.0.0' || host === '::' ? hostname() : host.includes(':') ? `[${host}]` : host;
  return publicUrl?.replace(/\/+$/, '') ?? `http://${name}:${actual}`;
}

async function discover(
  store: ArtifactStore,
  state: ServingState,
  follow: (model: string) => Promise<void>,
): Promise<void> {
  try {
    const firstLooks: Promise<void>[] = [];
    for await (const { key } of store.list('ledger/', { signal: state.signal })) {
      const model = key.split('/')[1] ?? '';
      if (isName(model) && !state.followers.has(model)) firstLooks.push(follow(model));
    }
    await Promise.all(firstLooks);
  } catch (error) {
    if (!state.signal.aborted) state.log.warn({ err: error }, 'could not list the models of the store');
  }
}

/** Runs a task again and again, with a pause after each, until the signal. The task must not reject. */
async function every(pauseMs: number, signal: AbortSignal, task: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await task();
  }
}

async function closeHttp(http: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()));
  // Connections that are between two requests: closing only looks at those once.
  const sweep = setInterval(() => http.closeIdleConnections(), 50);
  const deadline = setTimeout(() => http.closeAllConnections(), LAST_ANSWERS_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
}
