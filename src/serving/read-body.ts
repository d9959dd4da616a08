import type { IncomingMessage } from 'node:http';
import { RequestProblem } from './request-problem.js';

/**
 * Reads a request's body whole, whatever its Content-Type says.
 *
 * @throws {RequestProblem} 413 above the limit, 415 for a compressed body
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new RequestProblem(415, `Cannot read the request: found Content-Encoding "${encoding}", want none`);
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const pieces: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > maxBytes) reject(tooLarge(maxBytes));
      else pieces.push(piece);
    });
    request.on('end', () => resolve(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)));
    request.on('error', () => reject(incomplete()));
    request.on('close', () => reject(incomplete()));
  });
}

function tooLarge(maxBytes: number): RequestProblem {
  return new RequestProblem(413, `Cannot read the request: its body has more than ${maxBytes} bytes`);
}

function incomplete(): RequestProblem {
  return new RequestProblem(400, 'Cannot read the request: it ended before its body was complete');
}
