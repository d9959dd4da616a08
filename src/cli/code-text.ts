import { shownBytes } from '../code/code-limits.js';
import type { CodeBundle } from '../domain/code.js';

/** A code bundle in one line: digest, files, bytes and what its environment is made of. */
export function codeText({ ref, files, lock }: CodeBundle): string {
  const packages = lock ? `packages of ${lock.file}` : 'no lock file, the packages of the worker';
  return `${ref.sha256.slice(0, 12)}: ${files} ${files === 1 ? 'file' : 'files'}, ${shownBytes(ref.bytes)}; ${packages}`;
}
