import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { serverPrefix } from '../domain/artifact.js';
import { ArtifactCorruptError, ArtifactMissingError, DeployUnconfirmedError } from '../errors.js';
import type { ArtifactStore, CallOptions } from '../stores/store.js';
import { parseAnnouncement, type Announcement } from './announcement.js';

/** A model server that has announced itself for a model. It may have ended since without taking that back. */
export interface LiveServer extends Announcement {
  readonly key: string;
  /** Time since the announcement was renewed, in milliseconds, by the clocks of the server and of this machine. */
  readonly ageMs: number;
}

export interface AwaitServedOptions {
  readonly store: ArtifactStore;
  readonly model: string;
  /** Digest of the bundle that every live server must answer with. */
  readonly digest: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A server that gives no sign for this long, neither by an answer nor in the store, is gone. */
const GONE_AFTER_MS = 15_000;
/** The announcement of a server that is gone is removed after this time. */
const FORGET_AFTER_MS = 3_600_000;
const ASK_TIMEOUT_MS = 2000;
const PAUSE_MS = 100;

/** The servers that announced themselves for this model, in the order of their start. */
export async function liveServers(
  store: ArtifactStore,
  model: string,
  options: CallOptions = {},
): Promise<LiveServer[]> {
  const servers: LiveServer[] = [];
  for await (const { key } of store.list(serverPrefix(model), options)) {
    const bytes = await store.read(key, undefined, options).catch(async (error: unknown) => {
      // Taken back, or replaced, between listing and reading; not every store says so by the same error.
      if (error instanceof ArtifactMissingError || error instanceof ArtifactCorruptError) return undefined;
      if ((await store.stat(key, options)) === undefined) return undefined;
      throw error;
    });
    const announcement = bytes && parseAnnouncement(bytes);
    if (announcement)
      servers.push({ ...announcement, key, ageMs: Math.max(0, Date.now() - Date.parse(announcement.at)) });
  }
  return servers.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
}

/**
 * Waits until every live server answers with a bundle. Servers that start meanwhile are waited for, servers that stop are
 * not; one that neither answers nor renews its announcement counts as gone.
 *
 * @throws {DeployUnconfirmedError} naming the servers that did not follow in time; `details.confirmed` has those that did
 * @throws what the store throws, and the signal's reason when it is aborted
 */
export async function awaitServed(options: AwaitServedOptions): Promise<{ servers: string[]; gone: string[] }> {
  const { store, model, digest, timeoutMs } = options;
  const deadline = performance.now() + timeoutMs;
  const call: CallOptions = options.signal ? { signal: options.signal } : {};
  /** When each announcement was first seen as it is: clocks that differ must not keep a server alive. */
  const seen = new Map<string, { at: string; since: number }>();
  for (;;) {
    const found = await liveServers(store, model, call);
    const answers = await Promise.all(found.map((server) => ask(server.url, model, options.signal)));
    options.signal?.throwIfAborted();
    const asked = found.map((server, index) => ({ server, answer: answers[index] ?? NO_ANSWER }));
    const gone = asked
      .filter(({ server, answer }) => !answer.reached && isOld(server, seen))
      .map(({ server }) => server);
    const missing = asked.filter(({ server, answer }) => !gone.includes(server) && answer.digest !== digest);
    if (missing.length === 0) {
      await forget(store, gone);
      const servers = found.filter((server) => !gone.includes(server)).map(({ url }) => url);
      return { servers, gone: gone.map(({ url }) => url) };
    }
    if (performance.now() + PAUSE_MS > deadline) {
      const confirmed = asked.filter(({ answer }) => answer.digest === digest).map(({ server }) => server.url);
      throw unconfirmed(options, missing, confirmed);
    }
    await delay(PAUSE_MS, undefined, call);
  }
}

interface ServerAnswer {
  /** Whether anything answered at that address. */
  readonly reached: boolean;
  readonly digest?: string;
  /** For people. */
  readonly said: string;
}

const answerSchema = z.union([
  z.object({ parameters: z.object({ digest: z.string(), problem: z.string().optional() }) }),
  z.object({ error: z.string() }),
]);

const NO_ANSWER: ServerAnswer = { reached: false, said: 'did not answer' };

async function ask(url: string, model: string, signal: AbortSignal | undefined): Promise<ServerAnswer> {
  const timeout = AbortSignal.timeout(ASK_TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(`${url}/v2/models/${model}`, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch {
    return NO_ANSWER;
  }
  const answer = answerSchema.safeParse(await response.json().catch(() => undefined)).data;
  if (!answer)
    return { reached: true, said: `gave an answer with status ${response.status} that is not from a model server` };
  if ('error' in answer) return { reached: true, said: `said ${response.status}: ${answer.error}` };
  const { digest, problem } = answer.parameters;
  return { reached: true, digest, said: `serves ${digest}${problem === undefined ? '' : ` because: ${problem}`}` };
}

function isOld({ key, at, ageMs }: LiveServer, seen: Map<string, { at: string; since: number }>): boolean {
  const before = seen.get(key);
  const now = performance.now();
  if (before?.at !== at) seen.set(key, { at, since: now });
  return ageMs > GONE_AFTER_MS || (before?.at === at && now - before.since > GONE_AFTER_MS);
}

async function forget(store: ArtifactStore, gone: readonly LiveServer[]): Promise<void> {
  for (const { key, ageMs } of gone) {
    // A server that lives after all announces itself again within seconds.
    if (ageMs > FORGET_AFTER_MS) await store.remove(key).catch(() => undefined);
  }
}

function unconfirmed(
  { model, digest, timeoutMs }: AwaitServedOptions,
  missing: readonly { server: LiveServer; answer: ServerAnswer }[],
  confirmed: readonly string[],
): DeployUnconfirmedError {
  const list = missing.map(({ server, answer }) => `${server.url} (process ${server.pid}) ${answer.said}`);
  return new DeployUnconfirmedError(
    `Cannot confirm bundle ${digest} of "${model}" on every live server within ${timeoutMs} ms: ${list.join('; ')}`,
    {
      fix: 'Look at the log of the servers named; they follow the ledger by themselves once they can.',
      details: { model, digest, servers: missing.map(({ server }) => server.url), confirmed },
    },
  );
}
