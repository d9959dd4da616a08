import type http from 'node:http';
import { S3Refusal, S3Silence } from './s3-answers.js';
import { textOf } from './s3-xml.js';

export interface CallLimits {
  /** How long a connection may take to open, in milliseconds. */
  readonly connectMs: number;
  /** How long nothing may move in either direction, in milliseconds. */
  readonly idleMs: number;
  /** How long the whole call may take, in milliseconds. */
  readonly wholeMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What the minio client takes as its transport. */
export type Transport = Pick<typeof http, 'request'>;

/**
 * A transport for one call, which the minio client lacks in three ways: it ends a call that is silent, too long or
 * aborted, in the middle of a body too; it reads the answers that are no success to their end, so that their socket can
 * be used again, and rejects with them as they are, before the client's own retry makes a text of them; and it gives up
 * a request body that the server does not want.
 */
export function transportFor(base: Transport, limits: CallLimits): Transport {
  const request = (
    options: http.RequestOptions,
    onAnswer: (answer: http.IncomingMessage) => void,
  ): http.ClientRequest => {
    const call = base.request(options);
    const watch = new Watch(call, limits);
    call.once('response', (answer) => {
      watch.answered(answer);
      if (answer.statusCode !== undefined && answer.statusCode >= 200 && answer.statusCode < 300) {
        onAnswer(answer);
        return;
      }
      void refusalOf(answer).then((refusal) => {
        call.emit('error', refusal);
        if (!call.writableFinished) call.destroy();
      });
    });
    return call;
  };
  // The client calls it in this one way only; the overloads of `http.request` have more.
  return { request: request as Transport['request'] };
}

/** Ends a request, or its answer once there is one, when a limit is passed. */
class Watch {
  readonly #call: http.ClientRequest;
  readonly #limits: CallLimits;
  readonly #whole: NodeJS.Timeout;
  #connecting: NodeJS.Timeout | undefined;
  #answer: http.IncomingMessage | undefined;
  readonly #aborted = (): void => this.#end(this.#limits.signal?.reason as Error);

  constructor(call: http.ClientRequest, limits: CallLimits) {
    this.#call = call;
    this.#limits = limits;
    this.#whole = setTimeout(() => this.#silent(`no end after ${limits.wholeMs} ms`), limits.wholeMs);
    limits.signal?.addEventListener('abort', this.#aborted, { once: true });
    call.setTimeout(limits.idleMs, () => this.#silent(`nothing moved for ${limits.idleMs} ms`));
    call.once('socket', (socket) => {
      if (!socket.connecting) return;
      this.#connecting = setTimeout(() => this.#silent(`no connection in ${limits.connectMs} ms`), limits.connectMs);
      socket.once('connect', () => clearTimeout(this.#connecting));
    });
    call.once('close', () => this.#done());
    if (limits.signal?.aborted) this.#aborted();
  }

  answered(answer: http.IncomingMessage): void {
    this.#answer = answer;
    answer.once('close', () => this.#done());
    // Whoever reads the answer sees its error; nobody may be reading when a limit ends it.
    answer.on('error', () => undefined);
  }

  #silent(what: string): void {
    this.#end(new S3Silence(what));
  }

  #end(reason: Error): void {
    this.#done();
    // Once there is an answer, only destroying it brings the reason to whoever reads it.
    (this.#answer ?? this.#call).destroy(reason);
  }

  #done(): void {
    clearTimeout(this.#whole);
    clearTimeout(this.#connecting);
    this.#limits.signal?.removeEventListener('abort', this.#aborted);
  }
}

const LONGEST_REFUSAL = 64 * 1024;

async function refusalOf(answer: http.IncomingMessage): Promise<S3Refusal> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > LONGEST_REFUSAL) break;
      pieces.push(piece);
    }
  } catch {
    // The status alone has to do.
  }
  const text = Buffer.concat(pieces).toString('utf8');
  // An answer to HEAD has no body; MinIO then says the code in a header.
  const code = textOf(text, 'Code') ?? headerOf(answer, 'x-minio-error-code') ?? '';
  return new S3Refusal(answer.statusCode ?? 0, code, textOf(text, 'Message') ?? '');
}

/** An answer as the rest of the store sees it. */
export type Answer = http.IncomingMessage;

/** A header's one value. */
export function headerOf(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : undefined;
}
