import { statfs } from 'node:fs/promises';

/** How large an object may become on the way to its part. */
export interface UnpackLimits {
  /** Most bytes. Default: 64 GiB, and never more than half of what is free on the disk. */
  readonly maxBytes?: number;
  /** Most bytes for each byte of the object, beyond the first 64 MiB. Default: 500. */
  readonly maxRatio?: number;
}

export interface ScratchLimit {
  readonly bytes: number;
  /** Why, in words that follow "the most is 10 bytes". */
  readonly reason: string;
}

/** The most bytes that may be written into `folder` to unpack an object of this size. */
export async function scratchLimit(
  size: number,
  folder: string,
  { maxBytes = MAX_BYTES, maxRatio = MAX_RATIO }: UnpackLimits = {},
): Promise<ScratchLimit> {
  const { bavail, bsize } = await statfs(folder);
  const limits: ScratchLimit[] = [
    { bytes: Math.max(FREE_OF_RATIO, size * maxRatio), reason: ` for an object of ${size} bytes` },
    { bytes: Math.floor((bavail * bsize) / 2), reason: ', half of what is free on the disk' },
    { bytes: maxBytes, reason: '' },
  ];
  return limits.reduce((least, limit) => (limit.bytes < least.bytes ? limit : least));
}

/**
 * Tables of zeros and ones, and logs that repeat themselves, were measured at up to 410 times their packed size in gzip; what
 * is made to harm comes with 1,000 times and more.
 */
const MAX_RATIO = 500;
const FREE_OF_RATIO = 64 * 1024 ** 2;
/** The default of {@link UnpackLimits.maxBytes}. */
export const MAX_BYTES = 64 * 1024 ** 3;
