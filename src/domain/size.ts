const UNITS = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

/** Bytes of a size such as `500MiB`, `4GiB` or `2GB`. */
export function sizeBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s?([kMGT]?B|[KMGT]iB)$/.exec(text);
  if (!match)
    throw new RangeError(`Cannot read size "${text}": want a number and one of ${Object.keys(UNITS).join(', ')}`);
  return Math.round(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]);
}
