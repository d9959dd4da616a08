import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';

/** Characters of a line that are kept; the rest of it is dropped. More than is shown: a secret is known only as a whole. */
const LINE_LENGTH = 8192;
/** Output above this is read slowly, so that a trainer that floods its log waits for us, and not the worker for it. */
const FREE_BYTES = 4 * 1024 * 1024;
const SLOW_MS = 10;

/** Hands over each line of a stream, cut to 8,192 characters, in memory that does not grow. Settles when it has ended. */
export async function readLines(stream: Readable, line: (text: string) => void): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const parts = decoder.write(chunk).split('\n');
      const last = parts.pop() ?? '';
      for (const part of parts) {
        line(cut(pending + part));
        pending = '';
      }
      pending = cut(pending + last);
      bytes += chunk.length;
      if (bytes > FREE_BYTES) await sleep(SLOW_MS);
    }
  } catch {
    // The stream was destroyed under us: there is nothing more to hear.
  }
  if (pending !== '') line(pending);
}

function cut(text: string): string {
  return text.length > LINE_LENGTH ? text.slice(0, LINE_LENGTH) : text;
}
