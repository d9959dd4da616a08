import type { SnapshotPart } from '../domain/data.js';
import { durationMs } from '../domain/duration.js';
import type { ModelSpec } from '../spec/spec.js';
import { timeColumn } from './source-tables.js';
import { instant, neededRange, partsInRange } from './windows.js';

/**
 * The parts that a split may need rows of, by source name: those that overlap what {@link neededRange} says; of a source
 * that has none there, all. Every source of the spec is in it, whether it has parts or not.
 *
 * @param asOf rows from then on do not exist (ISO 8601)
 */
export function neededParts(
  spec: ModelSpec,
  parts: readonly SnapshotPart[],
  asOf?: string,
): Record<string, readonly SnapshotPart[]> {
  const bySource = Object.keys(spec.sources).map((source) => {
    const all = parts.filter((part) => part.source === source);
    return [source, isFixed(spec, source) ? all : beforeTime(spec, source, all, asOf)] as const;
  });
  const [earliest, latest] = ends(spec, bySource, asOf);
  if (earliest === undefined || latest === undefined) return Object.fromEntries(bySource);
  const label = instant(earliest) - durationMs(spec.task.labelDelay);
  const range = {
    from: neededRange(spec.split, new Date(label).toISOString()).from,
    to: neededRange(spec.split, latest).to,
  };
  return Object.fromEntries(
    bySource.map(([source, all]) => {
      const near = isFixed(spec, source) ? all : partsInRange(all, range);
      return [source, near.length > 0 ? near : all];
    }),
  );
}

function isFixed({ split }: ModelSpec, source: string): boolean {
  return split.by === 'fixed' && split.source === source;
}

/** Parts that have rows before a time; a part whose rows do not tell their time counts as of its last instant. */
function beforeTime(spec: ModelSpec, source: string, parts: readonly SnapshotPart[], asOf: string | undefined) {
  if (asOf === undefined) return parts;
  const byRow = timeColumn(spec, source, parts) !== undefined;
  return parts.filter(({ from, to }) => {
    const first = byRow ? from : to;
    return first === undefined || instant(first) < instant(asOf);
  });
}

type BySource = readonly (readonly [string, readonly SnapshotPart[]])[];

/**
 * Bounds of the time of the newest row of the training table, before it is made. Its event time comes out of the sources
 * that have a column of that name (of any source, when none has); which of them, only the SQL knows, so the lower bound
 * is that of the source whose rows end first.
 */
function ends(spec: ModelSpec, bySource: BySource, asOf: string | undefined): [string?, string?] {
  const timed = bySource.filter(([name]) => !isFixed(spec, name));
  const named = timed.filter(([name, parts]) => timeColumn(spec, name, parts) === spec.task.eventTime);
  const [low, high]: [number[], number[]] = [[], []];
  for (const [, parts] of named.length > 0 ? named : timed) {
    const newest = newestOf(parts, asOf);
    if (newest === undefined) continue;
    low.push(newest.least);
    high.push(newest.most);
  }
  if (low.length === 0) return [];
  return [new Date(Math.min(...low)).toISOString(), new Date(Math.max(...high)).toISOString()];
}

/** Of a part that goes on beyond `asOf`, only its first row is known to be before it. */
function newestOf(parts: readonly SnapshotPart[], asOf: string | undefined) {
  const end = asOf === undefined ? Infinity : instant(asOf);
  let [least, most] = [-Infinity, -Infinity];
  for (const { from, to } of parts) {
    if (from === undefined || to === undefined) continue;
    least = Math.max(least, instant(to) < end ? instant(to) : instant(from));
    most = Math.max(most, Math.min(instant(to), end - 1));
  }
  return Number.isFinite(least) ? { least, most } : undefined;
}
