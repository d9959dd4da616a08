import type { SnapshotPart } from '../domain/data.js';
import { durationMs } from '../domain/duration.js';
import type { SplitSpec, TimeSplit } from '../spec/spec.js';

/** A stretch of time in ISO 8601 UTC, `from` inclusive, `to` exclusive. */
export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

export interface SplitWindows {
  readonly train: TimeRange;
  readonly validation: TimeRange;
  readonly test: TimeRange;
}

const DAY_MS = 86_400_000;
/** The first instant that a date of JavaScript can be. */
const BEGINNING = -8.64e15;

/**
 * The three windows, one after the other with `gap` between them: they end with the day of the newest row, so that a file
 * that covers whole days is used whole. A training window of `all` begins with the day of the oldest row.
 *
 * @param newest the newest event time, ISO 8601
 * @param oldest the oldest; default: the beginning of time
 */
export function splitWindows(spec: TimeSplit, newest: string, oldest?: string): SplitWindows {
  const gap = durationMs(spec.gap);
  const end = endOfDay(newest);
  const test = end - durationMs(spec.test);
  const validation = test - gap - durationMs(spec.validation);
  const train = validation - gap;
  const first = oldest === undefined ? BEGINNING : endOfDay(oldest) - DAY_MS;
  const begin = spec.train === 'all' ? Math.min(first, train) : train - durationMs(spec.train);
  return { train: range(begin, train), validation: range(validation, test - gap), test: range(test, end) };
}

/** The newest stretch of time that a split by something else than time takes rows from; it ends as the windows do. */
export function newestRange(last: string, newest: string): TimeRange {
  const end = endOfDay(newest);
  return range(last === 'all' ? BEGINNING : end - durationMs(last), end);
}

/** The time that a split needs data of: all that it takes rows from, and `lookback` before. */
export function neededRange(spec: SplitSpec, newest: string): TimeRange {
  const { from, to } = spec.by === 'time' ? whole(splitWindows(spec, newest)) : newestRange(spec.last, newest);
  return range(Math.max(BEGINNING, instant(from) - durationMs(spec.lookback)), instant(to));
}

/** The parts that may hold rows of a range: those that overlap it, and those that do not say what time they are of. */
export function partsInRange(parts: readonly SnapshotPart[], wanted: TimeRange): SnapshotPart[] {
  const [from, to] = [instant(wanted.from), instant(wanted.to)];
  return parts.filter(
    (part) => part.from === undefined || part.to === undefined || (instant(part.from) < to && instant(part.to) >= from),
  );
}

/** Milliseconds since 1970 of a time in ISO 8601. */
export function instant(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new RangeError(`Cannot read time "${text}": want ISO 8601 in UTC`);
  return time;
}

function whole({ train, test }: SplitWindows): TimeRange {
  return { from: train.from, to: test.to };
}

function endOfDay(time: string): number {
  return (Math.floor(instant(time) / DAY_MS) + 1) * DAY_MS;
}

function range(from: number, to: number): TimeRange {
  return {
    from: new Date(Math.max(BEGINNING, from)).toISOString(),
    to: new Date(Math.max(BEGINNING, to)).toISOString(),
  };
}
