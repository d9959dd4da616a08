import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { Ref } from '../src/domain/artifact.js';
import type { Checkpoint } from '../src/domain/attempt.js';
import { canonicalJson } from '../src/domain/canonical.js';
import { putBlob, putManifest, readManifest } from '../src/stores/blobs.js';
import { sha256Hex } from '../src/stores/digest.js';
import { rethrowUnlessDamage } from '../src/stores/find-damage.js';
import { readMemo } from '../src/stores/read-memo.js';
import type { ArtifactStore, CallOptions } from '../src/stores/store.js';
import type { AttemptLog } from './attempt-log.js';
import type { KeptCheckpoint } from './heartbeat-details.js';
import { fetchFiles, storeFiles } from './stored-folder.js';

/** So many of the newest are named: the one before serves when the newest turns out to be damaged. */
const KEPT = 2;
const SCHEMA_VERSION = 1;

const refSchema = z.strictObject({ key: z.string(), sha256: z.string(), bytes: z.number() });
const recordSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  attempt: z.int(),
  from: z.strictObject({ checkpoint: refSchema, step: z.number() }).optional(),
  checkpoints: z.array(z.strictObject({ checkpoint: refSchema, step: z.number(), points: refSchema.optional() })),
});

export interface Restored {
  /** Absent when there is none to go on from. */
  readonly kept?: KeptCheckpoint;
  /** Why those newer than it were passed over, half a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * The checkpoints of one training. Each is in the store before its reference is told: in the heartbeat details, and, because
 * heartbeats are held back for a second, in `progress/train/<digest of the step>/<attempt>.json`. Another execution of the
 * run has others.
 */
export class Checkpoints {
  readonly #store: ArtifactStore;
  readonly #attempts: AttemptLog;
  readonly #prefix: string;
  /** What this attempt has stored or fetched. A file that is the same in every checkpoint is sent once. */
  readonly #stored = new Map<string, Ref>();

  /** To be made while the activity runs. */
  constructor(store: ArtifactStore, attempts: AttemptLog) {
    const { workflowExecution, activityId } = Context.current().info;
    this.#store = store;
    this.#attempts = attempts;
    this.#prefix = `progress/train/${sha256Hex(canonicalJson({ ...workflowExecution, activityId }))}/`;
  }

  /**
   * Stores the files of a folder. When it resolves, every attempt to come finds them.
   *
   * @param storing the metric points until then
   */
  async keep(folder: string, step: number, storing: Promise<Ref | undefined>, options: CallOptions): Promise<void> {
    const [points, files] = await Promise.all([storing, storeFiles(this.#store, folder, this.#stored, options)]);
    const content: Checkpoint = { kind: 'checkpoint', schemaVersion: 1, step, files };
    const checkpoint = await putManifest(this.#store, 'checkpoint', content, options);
    const kept = { checkpoint, step, ...(points && { points }) };
    const checkpoints = [kept, ...this.#attempts.checkpoints].slice(0, KEPT);
    const { number: attempt, from } = this.#attempts;
    const record = { schemaVersion: SCHEMA_VERSION, attempt, ...(from && { from }), checkpoints };
    await this.#store.replace(this.#key('json'), Buffer.from(canonicalJson(record)), options);
    this.#attempts.checkpoints = checkpoints;
    this.#attempts.reached(step);
    this.#attempts.beat();
  }

  /**
   * Fetches the newest checkpoint that is whole into `folder/step-<step>`. An attempt that begins anew takes none, and
   * forgets those that are there.
   *
   * @throws {StoreUnavailableError} when the store is away
   */
  async restore(folder: string, options: CallOptions): Promise<Restored> {
    if (this.#attempts.beginsAnew) {
      await this.forget(options);
      return { warnings: [] };
    }
    const warnings: string[] = [];
    for (const kept of await this.#known(options)) {
      const target = join(folder, `step-${kept.step}`);
      try {
        await this.#fetch(kept.checkpoint, target, options);
        this.#attempts.checkpoints = [kept];
        this.#attempts.resumesFrom({ checkpoint: kept.checkpoint, step: kept.step });
        return { kept, warnings };
      } catch (error) {
        await rethrowUnlessDamage(this.#store, error, options);
        await rm(target, { recursive: true, force: true });
        warnings.push(`the checkpoint of step ${kept.step} is damaged`);
      }
    }
    this.#attempts.checkpoints = [];
    return { warnings };
  }

  /** Removes the notes about checkpoints, which a finished step needs no more. */
  async forget(options: CallOptions): Promise<void> {
    const keys = await this.#keys(options);
    await Promise.all(keys.map((key) => this.#store.remove(key, options)));
  }

  /** Leaves the log so far where the attempt after this one finds it, should this one be killed. */
  async keepLog(text: string, options: CallOptions): Promise<void> {
    await this.#store.replace(this.#key('log'), Buffer.from(text), options);
  }

  #key(kind: 'json' | 'log'): string {
    return `${this.#prefix}${this.#attempts.number}.${kind}`;
  }

  /** Newest first. Attempts of one training that have done as many steps are equally far. */
  async #known(options: CallOptions): Promise<KeptCheckpoint[]> {
    const found = new Map(this.#attempts.checkpoints.map((kept) => [kept.checkpoint.sha256, kept]));
    const keys = await this.#keys(options);
    await this.#takeLogs(keys, options);
    for (const key of keys.filter((each) => each.endsWith('.json'))) {
      const record = recordSchema.safeParse(await readMemo(this.#store, key, options)).data;
      if (!record) continue;
      // Written by `keep`.
      for (const kept of record.checkpoints as KeptCheckpoint[]) found.set(kept.checkpoint.sha256, kept);
      this.#attempts.hadReached(record.attempt, record.checkpoints[0]?.step ?? 0, record.from);
    }
    return [...found.values()].toSorted((one, other) => other.step - one.step);
  }

  async #keys(options: CallOptions): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.#store.list(this.#prefix, options)) keys.push(key);
    return keys;
  }

  async #takeLogs(keys: readonly string[], options: CallOptions): Promise<void> {
    for (const attempt of this.#attempts.withoutLog) {
      const key = `${this.#prefix}${attempt}.log`;
      if (!keys.includes(key)) continue;
      this.#attempts.hadWritten(
        attempt,
        await putBlob(this.#store, await this.#store.read(key, undefined, options), options),
      );
    }
  }

  async #fetch(ref: Ref, folder: string, options: CallOptions): Promise<void> {
    const { files } = await readManifest<Checkpoint>(this.#store, ref, options);
    await fetchFiles(this.#store, files, folder, options);
    for (const file of Object.values(files)) this.#stored.set(file.sha256, file);
  }
}
