import { randomUUID } from 'node:crypto';
import type { ArtifactStore } from '../stores/store.js';
import { ANNOUNCE_EVERY_MS, announcementKey, type Announcement } from './announcement.js';
import type { ModelFollower } from './model-follower.js';
import type { ServingState } from './serving-state.js';

const STORE_TIMEOUT_MS = 4000;

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

  announce({ model, current }: ModelFollower): void {
    // A model may still be loading while the server stops.
    if (this.#stopped) return;
    this.#queue(async (signal) => {
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

  /** Takes the announcements back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const model of this.#state.followers.keys()) {
      this.#queue((signal) => this.#store.remove(this.#key(model), { signal }));
    }
    await this.#turn;
  }

  #key(model: string): string {
    return announcementKey(model, this.#instance);
  }

  #queue(task: (signal: AbortSignal) => Promise<void>): void {
    this.#turn = this.#turn
      .then(() => task(AbortSignal.timeout(STORE_TIMEOUT_MS)))
      .catch((error: unknown) => {
        this.#state.log.debug({ err: error }, 'could not announce the server in the store');
      });
  }
}
