/** Lets callers who want the same thing at the same time share one call. */
export class SharedCalls<T> {
  readonly #running = new Map<string, Shared<T>>();

  /**
   * Joins the running call of this name, or starts one. A caller whose signal aborts leaves with the signal's reason; the
   * call's own signal aborts when the last caller has left.
   */
  async call(name: string, signal: AbortSignal | undefined, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const shared = this.#running.get(name) ?? this.#start(name, start);
    shared.waiting += 1;
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        reject(signal?.reason as Error);
        shared.waiting -= 1;
        if (shared.waiting > 0) return;
        // A newcomer must not join a call that is being stopped.
        if (this.#running.get(name) === shared) this.#running.delete(name);
        shared.controller.abort(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      shared.result.then(resolve, reject).finally(() => signal?.removeEventListener('abort', leave));
    });
  }

  #start(name: string, start: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const controller = new AbortController();
    const shared: Shared<T> = { controller, waiting: 0, result: start(controller.signal) };
    this.#running.set(name, shared);
    const end = (): void => {
      if (this.#running.get(name) === shared) this.#running.delete(name);
    };
    shared.result.then(end, end);
    return shared;
  }
}

interface Shared<T> {
  readonly controller: AbortController;
  readonly result: Promise<T>;
  waiting: number;
}
