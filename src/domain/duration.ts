const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Milliseconds of a duration such as `500ms`, `30s`, `10m`, `6h`, `28d` or `4w`. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text);
  if (!match) throw new RangeError(`Cannot read duration "${text}": want a number and one of ms, s, m, h, d, w`);
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
