import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { canonicalJson } from '../src/domain/canonical.js';
import type { SnapshotPart } from '../src/domain/data.js';
import { sha256Hex } from '../src/stores/digest.js';
import { readMemo } from '../src/stores/read-memo.js';
import type { ArtifactStore, CallOptions } from '../src/stores/store.js';

/** Bound to the shape of a part: a record of another one is none. */
const SCHEMA_VERSION = 1;

const recordSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  part: z.record(z.string(), z.unknown()),
});

/** Of how many records at the same time. */
const CALLS = 16;

/**
 * The parts that attempts of one ingest have finished: one record each in
 * `progress/ingest/<digest of the run>/<digest of source and object>.json`, so that an attempt goes on where the one
 * before was killed. Another execution of the run, such as one after a reset, has records of its own. Nothing is evidence
 * here: whoever removes records makes the next attempt read more.
 */
export class IngestProgress {
  readonly #store: ArtifactStore;
  readonly #prefix: string;
  readonly #isFirst: boolean;

  /** To be made while the activity runs. */
  constructor(store: ArtifactStore, { model, run }: { readonly model: string; readonly run: number }) {
    const { attempt, workflowExecution } = Context.current().info;
    const { workflowId = '', runId = '' } = workflowExecution ?? {};
    this.#store = store;
    this.#prefix = `progress/ingest/${sha256Hex(canonicalJson({ model, run, workflowId, runId }))}/`;
    this.#isFirst = attempt === 1;
  }

  /**
   * What earlier attempts have finished; a first attempt asks nobody. The blobs are to be checked by whoever takes them.
   *
   * @throws {StoreUnavailableError} when the store is away; a record that is damaged or foreign is none
   */
  async finished(options: CallOptions): Promise<SnapshotPart[]> {
    if (this.#isFirst) return [];
    const keys: string[] = [];
    for await (const { key } of this.#store.list(this.#prefix, options)) keys.push(key);
    const parts: SnapshotPart[] = [];
    for (let at = 0; at < keys.length; at += CALLS) {
      const found = await Promise.all(keys.slice(at, at + CALLS).map((key) => this.#read(key, options)));
      parts.push(...found.filter((part) => part !== undefined));
    }
    return parts;
  }

  /** Notes a part whose blob is stored. One of an older version of the object makes way. */
  async keep(part: SnapshotPart, options: CallOptions): Promise<void> {
    const { source, object } = part;
    const key = `${this.#prefix}${sha256Hex(canonicalJson({ source, id: object.id }))}.json`;
    await this.#store.replace(key, Buffer.from(canonicalJson({ schemaVersion: SCHEMA_VERSION, part })), options);
  }

  /** Removes the records of an ingest that is done, best once its result is safe with Temporal. What cannot be removed stays. */
  async forget(options: CallOptions): Promise<void> {
    try {
      const keys: string[] = [];
      for await (const { key } of this.#store.list(this.#prefix, options)) keys.push(key);
      for (let at = 0; at < keys.length; at += CALLS)
        await Promise.all(keys.slice(at, at + CALLS).map((key) => this.#store.remove(key, options)));
    } catch {
      // They help nobody, and harm nobody.
    }
  }

  async #read(key: string, options: CallOptions): Promise<SnapshotPart | undefined> {
    const record = recordSchema.safeParse(await readMemo(this.#store, key, options)).data;
    // Written by `keep`, with a part of this schema version.
    return record?.part as SnapshotPart | undefined;
  }
}
