import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ArtifactStore } from '../stores/store.js';
import { ANNOUNCE_EVERY_MS, announcementKey, type Announcement } from './announcement.js';
import type { ModelFollower } from './model-follower.js';
import type { ServingState } from './serving-state.js';

const STORE_TIMEOUT_MS = 4000;
/** Stopping waits no longer than this for the store: servers that give no sign are forgotten by themselves. */
const STOP_TIMEOUT_MS = 2000;

/**
 * Keeps one server's announcements in the store: whoever deploys a model finds the servers by them. A store that is away
 * is no reason to stop serving, so nothing here fails.
 */
export class Announcer {
  readonly #store: ArtifactStore;
  readonly #state: ServingState;
  readonly #url: string;
  readonly #instance = randomUUID();
  readonly #startedAt = new Date().toISOString();
  readonly #timer: NodeJS.Timeout;
  /** Writes of one announcement keep their order, so that none comes after its removal. */
  #turn = Promise.resolve();
  /** Models with a write that has not begun: it will say what is so then, and a second one would add nothing. */
  readonly #waiting = new Set<string>();
  /** Ends what is under way in the store. */
  readonly #end = new AbortController();
  #stopped = false;

  constructor(store: ArtifactStore, state: ServingState, url: string) {
    this.#store = store;
    this.#state = state;
    this.#url = url;
    this.#timer = setInterval(() => this.announceAll(), ANNOUNCE_EVERY_MS).unref();
  }

  announceAll(): void {
    for (const follower of this.#state.followers.values()) this.announce(follower);
  }

  announce(follower: ModelFollower): void {
    const { model } = follower;
    if (this.#waiting.has(model)) return;
    this.#waiting.add(model);
    this.#queue(async (signal) => {
      this.#waiting.delete(model);
      // A model may still be loading, or wait for its turn here, while the server stops.
      if (this.#stopped) return;
      const { current } = follower;
      const announcement: Announcement = {
        url: this.#url,
        pid: process.pid,
        startedAt: this.#startedAt,
        at: new Date().toISOString(),
        digest: current?.digest ?? null,
        version: current?.version ?? 0,
      };
      await this.#store.replace(this.#key(model), Buffer.from(JSON.stringify(announcement)), { signal });
    });
  }

  /** Resolves when what was announced so far is in the store, or could not be put there. */
  settled(): Promise<void> {
    return this.#turn;
  }

  /** Takes the announcements back, as far as the store lets it within two seconds. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const model of this.#state.followers.keys()) {
      this.#queue((signal) => this.#store.remove(this.#key(model), { signal }));
    }
    const late = setTimeout(() => this.#end.abort(new Error('the server stops')), STOP_TIMEOUT_MS);
    await Promise.race([this.#turn, once(this.#end.signal, 'abort')]);
    clearTimeout(late);
  }

  #key(model: string): string {
    return announcementKey(model, this.#instance);
  }

  #queue(task: (signal: AbortSignal) => Promise<void>): void {
    this.#turn = this.#turn
      .then(() => task(AbortSignal.any([AbortSignal.timeout(STORE_TIMEOUT_MS), this.#end.signal])))
      .catch((error: unknown) => {
        this.#state.log.debug({ err: error }, 'could not announce the server in the store');
      });
  }
}
