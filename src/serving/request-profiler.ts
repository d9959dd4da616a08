import { randomUUID } from 'node:crypto';
import type { Column, DataProfile, Split } from '../domain/data.js';
import type { ModelBundle, TensorSpec } from '../domain/model.js';
import type { TableProfile } from '../domain/profile.js';
import type { Tensors } from '../inference/tensor.js';
import { ProfileBuilder } from '../statistics/profile-builder.js';
import { readManifest, readManifestOf } from '../stores/blobs.js';
import { liveProfileKey, type LiveProfile } from '../stores/live-profiles.js';
import type { ArtifactStore, CallOptions } from '../stores/store.js';
import type { ServingState } from './serving-state.js';

const STORE_TIMEOUT_MS = 4000;
const STOP_TIMEOUT_MS = 2000;

/** What was asked of one bundle on one day. */
interface Day {
  readonly model: string;
  readonly bundle: string;
  readonly day: string;
  readonly from: string;
  to: string;
  readonly builder: ProfileBuilder;
  /** Rows that the store knows of. */
  saved: number;
}

/** The model that answered, as far as it matters here. */
export interface Asked {
  readonly digest: string;
  /** One input a feature. */
  readonly inputs: readonly TensorSpec[];
  /** Profile of the rows that it was trained on, whose edges are used. */
  readonly trained: TableProfile | undefined;
}

/**
 * Keeps profiles of what the models are asked, by bundle and day, and writes them to the store from time to time: a run
 * compares them with what the champion was trained on. A store that is away is no reason to stop serving, so nothing here
 * fails; what was not written yet is lost with the process.
 */
export class RequestProfiler {
  readonly #store: ArtifactStore;
  readonly #state: ServingState;
  readonly #instance = randomUUID();
  readonly #days = new Map<string, Day>();
  readonly #timer: NodeJS.Timeout;
  readonly #end = new AbortController();
  #turn = Promise.resolve();

  /** @param everyMs how often what is new is written */
  constructor(store: ArtifactStore, state: ServingState, everyMs: number) {
    this.#store = store;
    this.#state = state;
    this.#timer = setInterval(() => this.save(), everyMs).unref();
  }

  /** Takes note of rows that fit the model's inputs. */
  asked(model: string, { digest, inputs, trained }: Asked, tensors: Tensors): void {
    const at = new Date().toISOString();
    const day = at.slice(0, 10);
    const key = `${digest} ${day}`;
    let entry = this.#days.get(key);
    if (!entry) {
      const builder = new ProfileBuilder(columnsOf(inputs, trained), trained);
      entry = { model, bundle: digest, day, from: at, to: at, builder, saved: 0 };
      this.#days.set(key, entry);
    }
    entry.to = at;
    const columns = Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]));
    entry.builder.add(Object.values(columns)[0]?.length ?? 0, columns);
  }

  /** Writes what is new, after what is being written. */
  save(): void {
    this.#turn = this.#turn.then(() => this.#saveAll());
  }

  /** Writes what is left, as far as the store lets it within two seconds. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.save();
    const late = setTimeout(() => this.#end.abort(new Error('the server stops')), STOP_TIMEOUT_MS);
    await this.#turn;
    clearTimeout(late);
  }

  async #saveAll(): Promise<void> {
    const today = new Date().toISOString().slice(0, 10);
    for (const [key, entry] of this.#days) {
      try {
        await this.#saveOne(entry);
        if (entry.day !== today) this.#days.delete(key);
      } catch (error) {
        this.#state.log.debug({ err: error, model: entry.model }, 'could not write the profile of the requests');
      }
    }
  }

  async #saveOne(entry: Day): Promise<void> {
    const { model, bundle, day, from, to, builder } = entry;
    const { rows } = builder;
    if (rows === entry.saved) return;
    const live: LiveProfile = {
      kind: 'live-profile',
      schemaVersion: 1,
      model,
      bundle,
      from,
      to,
      profile: builder.profile(),
    };
    const signal = AbortSignal.any([AbortSignal.timeout(STORE_TIMEOUT_MS), this.#end.signal]);
    const key = liveProfileKey(model, bundle, day, this.#instance);
    await this.#store.replace(key, Buffer.from(JSON.stringify(live)), { signal });
    entry.saved = rows;
  }
}

/** The profile of the rows that a bundle was trained on; undefined when it cannot be read: serving goes on without. */
export async function trainedOn(
  store: ArtifactStore,
  bundle: Pick<ModelBundle, 'split'>,
  options: CallOptions,
): Promise<TableProfile | undefined> {
  try {
    const split = await readManifestOf<Split>(store, 'split', bundle.split, options);
    return (await readManifest<DataProfile>(store, split.profile, options)).training;
  } catch {
    options.signal?.throwIfAborted();
    return undefined;
  }
}

/**
 * The inputs under the types that the training rows had: a whole number may be fed to an input of floats. Texts that could be
 * compared with nothing are not kept.
 */
function columnsOf(inputs: readonly TensorSpec[], trained: TableProfile | undefined): Column[] {
  const kept = trained ? inputs : inputs.filter(({ datatype }) => datatype !== 'BYTES');
  return kept.map(({ name, datatype }) => {
    const type = trained?.columns.find((column) => column.name === name)?.type;
    return { name, type: type ?? TYPES[datatype] };
  });
}

const TYPES = {
  BOOL: 'boolean',
  INT32: 'integer',
  INT64: 'integer',
  FP32: 'number',
  FP64: 'number',
  BYTES: 'string',
} as const satisfies Readonly<Record<TensorSpec['datatype'], Column['type']>>;
