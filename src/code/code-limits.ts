/** What a code bundle may be at most: code, not data. Held when it is packed and again when it is unpacked. */
export const MOST_BYTES = 100 * 2 ** 20;
export const MOST_FILES = 10_000;

/** Never part of a bundle: what tools leave behind, and what the lock file installs anew. */
export const ALWAYS_IGNORED = ['.git', '__pycache__', '*.pyc', '.venv', 'node_modules', '.DS_Store'];

/** Patterns of files to leave out, in the syntax of .gitignore; at the top of the folder. */
export const IGNORE_FILE = '.perennialignore';

/** Bytes for people. */
export function shownBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const amount = bytes / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[power] ?? 'B'}`;
}
