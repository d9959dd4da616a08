import type { IncomingMessage } from 'node:http';

/** The server answered, but not with what was asked for. */
export class HttpStatus extends Error {
  override readonly name = 'HttpStatus';

  /** @param heals whether another try may end otherwise */
  constructor(
    message: string,
    readonly heals: boolean,
  ) {
    super(message);
  }
}

/** What is there now is not what was listed. */
export class HttpChanged extends Error {
  override readonly name = 'HttpChanged';

  constructor(how?: string) {
    super(`it changed since it was listed${how === undefined ? '' : `: ${how}`}`);
  }
}

/** @throws {HttpStatus} for an answer of another status than one of these. */
export function taken(answer: IncomingMessage, ...wanted: readonly number[]): void {
  const status = answer.statusCode ?? 0;
  if (wanted.includes(status)) return;
  const heals = status >= 500 ? status !== 501 && status !== 505 : status === 408 || status === 425 || status === 429;
  throw new HttpStatus(`the server answered ${status}`, heals);
}

/** True for a failure that stays until a person acts: a certificate that is not trusted. */
export function isTrouble(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH)/.test(String(error.code))
  );
}
