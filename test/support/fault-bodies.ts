import type http from 'node:http';
import { Transform } from 'node:stream';
import type { FaultRules } from './fault-rules.js';

/** Passes a body on with one bit of its first piece changed. */
export function flipped(rules: FaultRules): Transform {
  let done = false;
  return new Transform({
    transform(piece: Buffer, _encoding, callback) {
      if (done || piece.length === 0) return callback(null, piece);
      done = true;
      const spoilt = Buffer.from(piece);
      const at = rules.pick(spoilt.length);
      spoilt[at] = (spoilt[at] ?? 0) ^ (1 << rules.pick(8));
      return callback(null, spoilt);
    },
  });
}

/** Passes on the first half of a body of this length; then cuts, stays silent, or ends as if that were all. */
export async function halved(
  server: http.IncomingMessage,
  answer: http.ServerResponse,
  fault: 'truncate' | 'stall' | 'shorten',
  length: number,
): Promise<void> {
  let left = Math.floor(length / 2);
  for await (const piece of server as AsyncIterable<Buffer>) {
    if (left > 0) answer.write(piece.subarray(0, left));
    left -= piece.length;
    if (left <= 0) break;
  }
  if (fault === 'shorten') answer.end();
  if (fault === 'truncate') answer.destroy();
}

export function drop(answer: http.ServerResponse): void {
  answer.socket?.resetAndDestroy();
}
