import { appendFileSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ref } from '../src/domain/artifact.js';
import { pointLine, writePoints } from '../src/data/points.js';
import { putBlob } from '../src/stores/blobs.js';
import type { ArtifactStore, CallOptions } from '../src/stores/store.js';

/** Of text: about two million points. What comes after is dropped. */
const MOST_BYTES = 64 * 1024 * 1024;
const BUFFERED = 64 * 1024;

/**
 * The metric points of one training, across its attempts: those until a checkpoint are stored beside it, and all of them as
 * one Parquet file at the end. They wait on the disk, not in memory.
 */
export class TrainingPoints {
  readonly #folder: string;
  readonly #file: string;
  #pending = '';
  #bytes = 0;

  /** @param folder a folder of the attempt's own, where the trainer does not write */
  constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, 'points.csv');
  }

  add(step: number, values: Readonly<Record<string, number>>): void {
    if (this.#bytes + this.#pending.length > MOST_BYTES) return;
    for (const [metric, value] of Object.entries(values)) this.#pending += pointLine(step, metric, value);
    if (this.#pending.length > BUFFERED) this.#flush();
  }

  /** Takes over what was known at the step that the training goes on from; what came after comes again. */
  async resume(store: ArtifactStore, ref: Ref, step: number, options: CallOptions): Promise<void> {
    const text = (await store.read(ref.key, ref, options)).toString('utf8');
    const known = text.split('\n').filter((line) => line !== '' && Number.parseInt(line, 10) <= step);
    await writeFile(this.#file, known.map((line) => `${line}\n`).join(''));
    this.#bytes = text.length;
  }

  /** Stores what is known until now as text. Undefined when there is nothing. */
  async storeSoFar(store: ArtifactStore, options: CallOptions): Promise<Ref | undefined> {
    if (!this.#flush()) return undefined;
    // The file grows while it is sent.
    const copy = join(this.#folder, 'points-so-far.csv');
    await copyFile(this.#file, copy);
    return await putBlob(store, { path: copy }, options);
  }

  /** Stores all of them as Parquet. Undefined when there are none. */
  async store(store: ArtifactStore, options: CallOptions): Promise<Ref | undefined> {
    if (!this.#flush()) return undefined;
    const path = join(this.#folder, 'points.parquet');
    await writePoints(this.#file, path, options);
    return await putBlob(store, { path }, options);
  }

  /** Whether there are any. */
  #flush(): boolean {
    if (this.#pending !== '') appendFileSync(this.#file, this.#pending);
    this.#bytes += this.#pending.length;
    this.#pending = '';
    return this.#bytes > 0;
  }
}
