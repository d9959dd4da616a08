import { Decompress } from 'fzstd';
import { Xxh64 } from './xxh64.js';

/** What is wrong with a packed file, in words that follow "it". Internal to unpacking: it leaves as a typed error. */
export class PackedError extends Error {}

/**
 * Unpacks a zstd file, block by block: at most 128 KiB at a time. `fzstd` decodes the blocks (200 to 400 MB/s, measured; the
 * only streaming decoder for Node 20 without a native build), but it reads a damaged file on in silence. So the frames
 * are walked here: their sizes, their checks, and that nothing but frames stands in the file.
 *
 * Format: RFC 8878.
 *
 * @throws {PackedError} for a file that is damaged, cut off, or needs a dictionary or a larger window.
 */
export async function* unzstd(file: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = new ByteQueue(file);
  while (!(await bytes.ended())) {
    const magic = (await bytes.take(4)).readUInt32LE(0);
    if (magic === FRAME) yield* frame(bytes);
    else if ((magic & 0xff_ff_ff_f0) >>> 0 === SKIPPABLE) await bytes.skip((await bytes.take(4)).readUInt32LE(0));
    else throw new PackedError('has bytes behind its end that are no zstd');
  }
}

/**
 * Largest window, the stretch of output that a frame may refer back to and that is held in memory: what RFC 8878 asks
 * every reader to have, and what zstd uses up to level 19. Only `--ultra` and `--long` want more.
 */
const MAX_WINDOW = 8 * 1024 ** 2;
const MAX_BLOCK = 128 * 1024;
const FRAME = 0xfd_2f_b5_28;
const SKIPPABLE = 0x18_4d_2a_50;

async function* frame(bytes: ByteQueue): AsyncGenerator<Uint8Array, void, undefined> {
  const { header, window, size, checked } = await frameHeader(bytes);
  const hash = checked ? new Xxh64() : undefined;
  const decoder = new BlockDecoder(header, checked);
  const most = Math.min(MAX_BLOCK, window);
  let length = 0;
  for (let last = false; !last;) {
    const head = await bytes.take(3);
    const fields = head.readUIntLE(0, 3);
    last = (fields & 1) === 1;
    const [kind, blockSize] = [(fields >> 1) & 3, fields >> 3];
    if (kind === RESERVED || blockSize > most) throw damaged();
    const body = await bytes.take(kind === REPEATED ? 1 : blockSize);
    for (const part of decoder.decode(head, body, last)) {
      length += part.length;
      hash?.update(part);
      yield part;
    }
  }
  if (size !== undefined && size !== length) throw damaged();
  if (hash && (await bytes.take(4)).readUInt32LE(0) !== hash.low32()) throw damaged();
}

const REPEATED = 1;
const RESERVED = 3;

interface FrameHeader {
  /** With the magic number, as the decoder wants it. */
  readonly header: Buffer;
  readonly window: number;
  /** Bytes that the frame says it holds. */
  readonly size?: number;
  /** Whether a check of the content follows the blocks. */
  readonly checked: boolean;
}

async function frameHeader(bytes: ByteQueue): Promise<FrameHeader> {
  const descriptor = await bytes.take(1);
  const flags = descriptor[0] ?? 0;
  const whole = (flags & 0x20) !== 0;
  if ((flags & 0x08) !== 0) throw damaged();
  if ((flags & 0x03) !== 0) throw new PackedError('needs a dictionary, which is not supported');
  const windowField = await bytes.take(whole ? 0 : 1);
  const sizeLength = flags >> 6 === 0 ? Number(whole) : 1 << (flags >> 6);
  const sizeField = await bytes.take(sizeLength);
  const size = sizeLength === 0 ? undefined : contentSize(sizeField);
  const window = whole ? (size ?? 0) : windowSize(windowField[0] ?? 0);
  if (window > MAX_WINDOW) {
    throw new PackedError(`needs ${window} bytes of memory to unpack, the most is ${MAX_WINDOW} (zstd level 19)`);
  }
  const header = Buffer.concat([FRAME_MAGIC, descriptor, windowField, sizeField]);
  return { header, window, ...(size !== undefined && { size }), checked: (flags & 0x04) !== 0 };
}

const FRAME_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

function contentSize(field: Buffer): number {
  if (field.length === 2) return field.readUInt16LE(0) + 256;
  return field.length === 8 ? Number(field.readBigUInt64LE(0)) : field.readUIntLE(0, field.length);
}

function windowSize(field: number): number {
  const base = 2 ** (10 + (field >> 3));
  return base + (base / 8) * (field & 7);
}

/** The decoder of one frame. */
class BlockDecoder {
  readonly #parts: Uint8Array[] = [];
  readonly #decoder = new Decompress((part) => {
    if (part.length > 0) this.#parts.push(part);
  });
  readonly #checked: boolean;
  #header: Buffer | undefined;

  constructor(header: Buffer, checked: boolean) {
    this.#header = header;
    this.#checked = checked;
  }

  decode(head: Buffer, body: Buffer, last: boolean): Uint8Array[] {
    const block = this.#header ? Buffer.concat([this.#header, head, body]) : Buffer.concat([head, body]);
    this.#header = undefined;
    try {
      this.#decoder.push(block, false);
      // It waits for the four bytes of a check, and looks at them no further.
      if (last) this.#decoder.push(new Uint8Array(this.#checked ? 4 : 0), true);
    } catch {
      // Besides its own errors those of reading and writing outside of its tables.
      throw damaged();
    }
    return this.#parts.splice(0);
  }
}

function damaged(): PackedError {
  return new PackedError('is damaged');
}

/** Takes exact numbers of bytes from a stream of chunks. */
class ByteQueue {
  readonly #chunks: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(file: AsyncIterable<Buffer>) {
    this.#chunks = file[Symbol.asyncIterator]();
  }

  async ended(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return true;
      this.#chunk = next.value;
    }
    return false;
  }

  async take(length: number): Promise<Buffer> {
    if (length <= this.#chunk.length) return this.#cut(length);
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0;) {
      if (await this.ended()) throw new PackedError('was cut off');
      const part = this.#cut(Math.min(missing, this.#chunk.length));
      missing -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  async skip(length: number): Promise<void> {
    for (let missing = length; missing > 0;) {
      if (await this.ended()) throw new PackedError('was cut off');
      missing -= this.#cut(Math.min(missing, this.#chunk.length)).length;
    }
  }

  #cut(length: number): Buffer {
    const part = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    return part;
  }
}
