import {
  InputRefusedError,
  NotFoundError,
  PerennialError,
  ServiceUnreachableError,
  StoreUnavailableError,
} from '../errors.js';

/** A request that is answered with an error: the status, and the sentence in the answer's `error`. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';

  constructor(
    readonly status: 400 | 404 | 405 | 413 | 415 | 500 | 503,
    message: string,
  ) {
    super(message);
  }

  /** Headers that belong to the status: 503 says when to come back. */
  get headers(): Record<string, string> {
    return this.status === 503 ? { 'retry-after': '1' } : {};
  }

  get body(): string {
    return JSON.stringify({ error: this.message });
  }
}

/** What a failure means for whoever sent the request. Unknown errors tell nothing about the inside of the server. */
export function toProblem(error: unknown): RequestProblem {
  if (error instanceof RequestProblem) return error;
  if (error instanceof InputRefusedError) return new RequestProblem(400, error.message);
  if (error instanceof NotFoundError) return new RequestProblem(404, error.message);
  if (error instanceof StoreUnavailableError || error instanceof ServiceUnreachableError) {
    return new RequestProblem(503, error.message);
  }
  if (error instanceof PerennialError) return new RequestProblem(500, error.message);
  return new RequestProblem(500, 'Cannot answer: the server failed; its log says why');
}
