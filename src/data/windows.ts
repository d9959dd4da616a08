import type { SnapshotPart } from '../domain/data.js';
import { durationMs } from '../domain/duration.js';
import type { SplitSpec } from '../spec.js';

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

/**
 * The three windows, one after the other without a gap: they end with the day of the newest row, so that a file that
 * covers whole days is used whole.
 *
 * @param newest the newest event time, ISO 8601
 */
export function splitWindows(spec: SplitSpec, newest: string): SplitWindows {
  const end = (Math.floor(instant(newest) / DAY_MS) + 1) * DAY_MS;
  const test = end - durationMs(spec.test);
  const validation = test - durationMs(spec.validation);
  const train = validation - durationMs(spec.train);
  return { train: range(train, validation), validation: range(validation, test), test: range(test, end) };
}

/** The time that a split needs data of: the three windows and `lookback` before them. */
export function neededRange(spec: SplitSpec, newest: string): TimeRange {
  const { train, test } = splitWindows(spec, newest);
  return { from: new Date(instant(train.from) - durationMs(spec.lookback)).toISOString(), to: test.to };
}

/** The parts that may hold rows of a range: those that overlap it, and those that do not say what time they are of. */
export function partsInRange(parts: readonly SnapshotPart[], wanted: TimeRange): SnapshotPart[] {
  const [from, to] = [instant(wanted.from), instant(wanted.to)];
  return parts.filter(
    (part) => part.from === undefined || part.to === undefined || (instant(part.from) < to && instant(part.to) >= from),
  );
}

/** The newest event time of all parts, undefined when none has one. */
export function newestTime(parts: readonly SnapshotPart[]): string | undefined {
  const times = parts.flatMap(({ to }) => (to === undefined ? [] : [to]));
  return times.reduce<string | undefined>(
    (newest, time) => (newest === undefined || instant(time) > instant(newest) ? time : newest),
    undefined,
  );
}

function instant(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new RangeError(`Cannot read time "${text}": want ISO 8601 in UTC`);
  return time;
}

function range(from: number, to: number): TimeRange {
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}
