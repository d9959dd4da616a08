import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** A text that could not be read: `message` says what was found and wanted; `line` and `column` where, when that helps. */
export interface TextProblem {
  readonly kind: 'missing' | 'unfit';
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

const MAX_BYTES = 1024 * 1024;

/**
 * Reads a text file that people wrote: a regular file (never a pipe or device, which could block for ever) of at most
 * 1 MiB in UTF-8, given without a byte order mark.
 */
export async function readText(file: string): Promise<{ text: string } | { problem: TextProblem }> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK opening a named pipe waits for a writer.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return { problem: openProblem(error) };
  }
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) return unfit('found a folder, want a file');
    if (!stat.isFile()) return unfit('found neither a file nor a folder, want a regular file');
    const bytes = await readCapped(handle);
    if (bytes.length > MAX_BYTES) return unfit('found more than 1 MiB, want less');
    return decode(bytes);
  } finally {
    await handle.close();
  }
}

async function readCapped(handle: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function decode(bytes: Buffer): { text: string } | { problem: TextProblem } {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return unfit('found UTF-16, want UTF-8', { line: 1, column: 1 });
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return unfit('found bytes that are not UTF-8, want UTF-8', firstBadPlace(bytes));
  }
}

/** Where the first bytes stand that are not UTF-8: a lenient decoder puts its mark there. */
function firstBadPlace(bytes: Buffer): { line: number; column: number } {
  const lenient = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const again = Buffer.from(lenient, 'utf8');
  let offset = 0;
  while (offset < bytes.length && bytes[offset] === again[offset]) offset += 1;
  const lines = bytes.subarray(0, offset).toString('utf8').split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

function openProblem(error: unknown): TextProblem {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', message: 'found no such file' };
  return { kind: 'unfit', message: `the file cannot be opened (${code})` };
}

function unfit(message: string, place: { line?: number; column?: number } = {}): { problem: TextProblem } {
  return { problem: { kind: 'unfit', message, ...place } };
}
