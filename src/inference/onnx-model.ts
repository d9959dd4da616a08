import { readFile, stat } from 'node:fs/promises';
import type { Task } from '../domain/task.js';
import { InputRefusedError, ModelUnusableError } from '../errors.js';
import { columnTensor, type ColumnValues } from './columns.js';
import { InferenceThread } from './inference-thread.js';
import { scoredOutput } from './outputs/index.js';
import { checkSignature } from './signature.js';
import { checkInputs, transferables, type Signature, type TensorData, type Tensors } from './tensor.js';

export interface LoadOptions {
  /** What the bundle declares: a model that differs is refused. Default: whatever the model says of itself. */
  readonly signature?: Signature;
  /** Largest file that is loaded. Default: 1 GiB. */
  readonly maxBytes?: number;
  /** The thread to run in, shared with other models. Default: one of its own, which ends with the model. */
  readonly thread?: InferenceThread;
}

export interface ScoreOptions {
  /** Rows handed to the runtime at a time. Default: 2,048, measured fastest for tree ensembles. */
  readonly chunkRows?: number;
  /** Aborting it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const GIBIBYTE = 1024 ** 3;
/** Chunks under way: while the thread runs one, the next is made ready. */
const CHUNKS_IN_FLIGHT = 3;

/**
 * An ONNX model, loaded into a thread. It is always loaded from bytes: a model that keeps parts of itself in other
 * files is refused.
 */
export class OnnxModel {
  readonly signature: Signature;
  readonly #thread: InferenceThread;
  readonly #ownsThread: boolean;
  readonly #id: number;
  #closed = false;

  private constructor(thread: InferenceThread, ownsThread: boolean, id: number, signature: Signature) {
    this.#thread = thread;
    this.#ownsThread = ownsThread;
    this.#id = id;
    this.signature = signature;
  }

  /**
   * Loads a model from bytes or from a file.
   *
   * @throws {ModelUnusableError} for bytes that are no model, a model that the runtime cannot run, and one that does not
   * fit the signature
   */
  static async load(source: Uint8Array | string, options: LoadOptions = {}): Promise<OnnxModel> {
    const bytes = await bytesOf(source, options.maxBytes ?? GIBIBYTE);
    const thread = options.thread ?? new InferenceThread();
    const ownsThread = options.thread === undefined;
    const id = thread.nextModel();
    try {
      const found = await thread.ask<'load'>({ kind: 'load', model: id, bytes });
      if (options.signature) checkSignature(options.signature, found);
      return new OnnxModel(thread, ownsThread, id, options.signature ?? found);
    } catch (error) {
      await (ownsThread ? thread.close() : thread.ask<'unload'>({ kind: 'unload', model: id }).catch(() => undefined));
      throw error;
    }
  }

  /** False once the model was closed or its thread has ended. */
  get usable(): boolean {
    return !this.#closed && !this.#thread.ended;
  }

  /**
   * Runs the model once. The memory of the inputs belongs to the model afterwards.
   *
   * @param outputs names of the wanted outputs; default: all that the signature has
   * @throws {InputRefusedError} for inputs that do not fit the signature
   * @throws {ModelUnusableError} when the model fails, or answers NaN or an infinity
   */
  async run(inputs: Tensors, outputs?: readonly string[]): Promise<Record<string, TensorData>> {
    checkInputs(this.signature.inputs, inputs);
    const wanted = outputs ?? this.signature.outputs.map(({ name }) => name);
    const unknown = wanted.find((name) => !this.signature.outputs.some((spec) => spec.name === name));
    if (unknown !== undefined) throw new InputRefusedError(`Cannot run the model: it has no output "${unknown}"`);
    const request = { kind: 'run', model: this.#id, inputs: Object.entries(inputs), outputs: wanted } as const;
    return Object.fromEntries(await this.#thread.ask<'run'>(request, transferables(Object.values(inputs))));
  }

  /**
   * Scores a whole table: of a binary task the probability of true for each row, of a regression the number.
   *
   * @param columns a column for each input, by name; others are ignored
   * @throws {InputRefusedError} for a column that is missing or holds what its input cannot take
   * @throws {ModelUnusableError} when the model fails, or answers what is no probability
   */
  async score(
    columns: Readonly<Record<string, ColumnValues>>,
    options: ScoreOptions & { readonly task?: Exclude<Task, { kind: 'multiclass' }> } = {},
  ): Promise<Float64Array> {
    const scores = new Float64Array(rowsOf(this.signature, columns));
    const take = (chunk: Float64Array, from: number): void => scores.set(chunk, from);
    await this.scoreChunks(options.task ?? { kind: 'binary' }, columns, take, options);
    return scores;
  }

  /**
   * Scores a whole table in chunks of rows, so that a number for each row and class is never there all at once.
   *
   * @param take gets what is measured of each chunk (for `multiclass` a probability a class, row after row) and the
   *   number of its first row; chunks come in order
   * @throws as {@link score}
   */
  async scoreChunks(
    task: Task,
    columns: Readonly<Record<string, ColumnValues>>,
    take: (scores: Float64Array, from: number) => void,
    options: ScoreOptions = {},
  ): Promise<void> {
    const chunkRows = options.chunkRows ?? 2048;
    const rows = rowsOf(this.signature, columns);
    const underWay: Promise<void>[] = [];
    for (let from = 0; from < rows; from += chunkRows) {
      options.signal?.throwIfAborted();
      const chunk = this.#scoreChunk(task, columns, from, Math.min(rows, from + chunkRows), take);
      // Awaited below; until then a rejection must not count as unhandled.
      chunk.catch(() => undefined);
      underWay.push(chunk);
      if (underWay.length >= CHUNKS_IN_FLIGHT) await underWay.shift();
    }
    await Promise.all(underWay);
  }

  /** Frees the model, after what is under way. It cannot be used afterwards. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#ownsThread) await this.#thread.close();
    else if (!this.#thread.ended) await this.#thread.ask<'unload'>({ kind: 'unload', model: this.#id });
  }

  async #scoreChunk(
    task: Task,
    columns: Readonly<Record<string, ColumnValues>>,
    from: number,
    to: number,
    take: (scores: Float64Array, from: number) => void,
  ): Promise<void> {
    const inputs = this.signature.inputs.map(
      (spec) => [spec.name, columnTensor(spec, columns[spec.name] ?? [], from, to)] as const,
    );
    const request = { kind: 'score', model: this.#id, inputs, task } as const;
    const chunk = await this.#thread.ask<'score'>(request, transferables(inputs.map(([, tensor]) => tensor)));
    const answered = chunk.length / scoredOutput(task).kept;
    if (answered !== to - from) {
      throw new ModelUnusableError(`Cannot use the model: it answered ${answered} rows for ${to - from}`, {
        fix: 'Let the trainer export a model that gives one row of output for each row of input. Then train again.',
      });
    }
    take(chunk, from);
  }
}

async function bytesOf(source: Uint8Array | string, maxBytes: number): Promise<Uint8Array> {
  const size = typeof source === 'string' ? (await stat(source)).size : source.byteLength;
  if (size > maxBytes) {
    throw new ModelUnusableError(`Cannot load the model: it has ${size} bytes, the limit is ${maxBytes}`, {
      fix: 'Let the trainer make a smaller model: fewer or smaller trees, or fewer features. Then train again.',
    });
  }
  return typeof source === 'string' ? readFile(source) : source;
}

function rowsOf(signature: Signature, columns: Readonly<Record<string, ColumnValues>>): number {
  let rows: number | undefined;
  for (const { name } of signature.inputs) {
    const length = Object.hasOwn(columns, name) ? columns[name]?.length : undefined;
    if (length === undefined) throw new InputRefusedError(`Cannot run the model: column "${name}" is missing`);
    if (rows !== undefined && length !== rows) {
      throw new InputRefusedError(`Cannot run the model: column "${name}" has ${length} rows, want ${rows}`);
    }
    rows = length;
  }
  return rows ?? 0;
}
