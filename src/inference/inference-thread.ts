import { Worker } from 'node:worker_threads';
import { ModelUnusableError } from '../errors.js';
import { moduleUrl } from '../module-url.js';
import type { ThreadAnswer, ThreadAnswers, ThreadRequest } from './thread-messages.js';

interface Waiting {
  readonly kind: ThreadRequest['kind'];
  resolve(value: never): void;
  reject(error: Error): void;
}

/**
 * A thread that runs ONNX models, several if wanted, one call after the other. It does not keep the process alive while
 * nothing is asked of it.
 */
export class InferenceThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #lastModel = 0;
  #ended = false;

  constructor() {
    this.#worker = new Worker(moduleUrl(import.meta.url, './onnx-thread.js'), { name: 'inference' });
    this.#worker.unref();
    this.#worker.on('message', (answer: ThreadAnswer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(undefined));
  }

  /** True once the thread is gone, closed or broken: its models are gone with it. */
  get ended(): boolean {
    return this.#ended;
  }

  /** A number for a model that is about to be loaded. */
  nextModel(): number {
    return ++this.#lastModel;
  }

  /**
   * Asks the thread. What is in `move` belongs to the thread afterwards.
   *
   * @throws {ModelUnusableError} when the runtime refuses the model or the call, or the thread is gone
   */
  ask<K extends ThreadRequest['kind']>(
    request: Extract<ThreadRequest, { kind: K }>,
    move: ArrayBuffer[] = [],
  ): Promise<ThreadAnswers[K]> {
    if (this.#ended) return Promise.reject(ended(undefined));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { kind: request.kind, resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, request }, move);
    });
  }

  /** Ends the thread; what is still being asked is rejected. */
  async close(): Promise<void> {
    this.#end(undefined);
    await this.#worker.terminate();
  }

  #settle(answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    // Each request kind has its answer type: `ask` pairs them.
    if ('value' in answer) waiting?.resolve(answer.value as never);
    else waiting?.reject(refused(waiting.kind, answer.problem));
  }

  #end(cause: unknown): void {
    this.#ended = true;
    for (const waiting of this.#waiting.values()) waiting.reject(ended(cause));
    this.#waiting.clear();
  }
}

function refused(kind: ThreadRequest['kind'], problem: string): ModelUnusableError {
  return new ModelUnusableError(`Cannot use the model: ${problem}`, { fix: kind === 'load' ? LOAD_FIX : RUN_FIX });
}

const LOAD_FIX =
  'Let the trainer export one whole ONNX file, with its weights in it and operators that onnxruntime knows: ' +
  '`onnx.checker.check_model` finds what is wrong with it. Then train again.';
const RUN_FIX =
  'Let the trainer export a model that answers any row with the outputs that docs/tasks.md lists. Then train again.';

function ended(cause: unknown): ModelUnusableError {
  return new ModelUnusableError('Cannot use the model: the inference thread has ended', {
    fix: 'Try again. If it stays, the machine may be short of memory.',
    cause,
  });
}
