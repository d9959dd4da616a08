import { PerennialError, StoreRefusedError, StoreUnavailableError } from '../errors.js';

/** What a file system said, as an error of the store; our own errors and the signal's reason pass as they are. */
export function explained(error: unknown, action: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  const code = codeOf(error);
  if (error instanceof PerennialError || code === undefined) return error;
  const message = `${action}: ${error instanceof Error ? error.message : String(error)}`;
  if (CAN_HEAL.has(code)) {
    return new StoreUnavailableError(message, {
      fix: 'Free disk space or file handles on this machine.',
      cause: error,
    });
  }
  return new StoreRefusedError(message, { fix: 'Check the folder and the rights on it.', cause: error });
}

const CAN_HEAL = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EIO', 'EAGAIN', 'EBUSY', 'ENOMEM']);

/** True for "there is no such file", also where a part of the path is itself a file. */
export function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return undefined;
  // Node's own codes (ERR_INVALID_ARG_TYPE and so on) are mistakes in a program, not answers of a file system.
  return /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}
