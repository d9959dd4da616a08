import { DataUnreadableError } from '../errors.js';

/** The time that the name of an object stands for, ISO 8601 in UTC, both ends included. */
export interface KeyTime {
  readonly from: string;
  readonly to: string;
}

/**
 * Finds the event time of an object in its name, anywhere in it. The pattern is text with `{yyyy}`, and `{MM}`, `{dd}`
 * and `{HH}` as far as the name has them: `dt={yyyy}-{MM}-{dd}/`. The time is the whole of the smallest unit named: of
 * a day, from its first to its last millisecond.
 *
 * @throws {DataUnreadableError} when the name does not have the pattern, has it with two times, or names no real time.
 */
export function keyTime(pattern: string, object: string): KeyTime {
  const times = new Map<string, Units>();
  for (const { groups } of object.matchAll(matcher(pattern))) times.set(JSON.stringify(groups), { ...groups });
  const [units, ...others] = times.values();
  if (!units) throw unreadable(pattern, object, 'the name does not have it');
  if (others.length > 0) throw unreadable(pattern, object, 'the name has it more than once, with different times');
  const { yyyy = '', MM, dd, HH } = units;
  const gap = (dd !== undefined && MM === undefined) || (HH !== undefined && dd === undefined);
  if (gap) throw unreadable(pattern, object, 'want {MM} with {dd}, and {dd} with {HH}');
  const start = instant(yyyy, MM ?? '01', dd ?? '01', HH ?? '00');
  if (start === undefined) {
    throw unreadable(pattern, object, `there is no such time as ${[yyyy, MM, dd, HH].filter(Boolean).join('-')}`);
  }
  return { from: start.toISOString(), to: new Date(end(start, units).getTime() - 1).toISOString() };
}

type Units = Readonly<Partial<Record<string, string>>>;

const DIGITS: Readonly<Record<string, number>> = { yyyy: 4, MM: 2, dd: 2, HH: 2 };

/** Everything but the four placeholders is text; a placeholder that stands twice must have the same digits twice. */
function matcher(pattern: string): RegExp {
  const seen = new Set<string>();
  const pieces = pattern.split(/\{(yyyy|MM|dd|HH)\}/).map((piece, index) => {
    if (index % 2 === 0)
      return piece.replaceAll(/[^A-Za-z0-9]/gu, (mark) => `\\u{${mark.codePointAt(0)!.toString(16)}}`);
    if (seen.has(piece)) return `\\k<${piece}>`;
    seen.add(piece);
    return `(?<${piece}>\\d{${DIGITS[piece]}})`;
  });
  // 20260115 is no year 2026 followed by month 01: digits are counted from their first to their last.
  return new RegExp(`(?<!\\d(?=\\d))${pieces.join('')}(?!(?<=\\d)\\d)`, 'gu');
}

/** Undefined for a day that the calendar does not have. */
function instant(yyyy: string, MM: string, dd: string, HH: string): Date | undefined {
  const text = `${yyyy}-${MM}-${dd}T${HH}:00:00.000Z`;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) || date.toISOString() !== text ? undefined : date;
}

function end(start: Date, { MM, dd, HH }: Units): Date {
  const date = new Date(start);
  if (HH !== undefined) date.setUTCHours(date.getUTCHours() + 1);
  else if (dd !== undefined) date.setUTCDate(date.getUTCDate() + 1);
  else if (MM !== undefined) date.setUTCMonth(date.getUTCMonth() + 1);
  else date.setUTCFullYear(date.getUTCFullYear() + 1);
  return date;
}

function unreadable(pattern: string, object: string, found: string): DataUnreadableError {
  return new DataUnreadableError(`Cannot find the event time "${pattern}" in the name "${object}": ${found}`, {
    fix: 'Correct `eventTime.key` of the source, narrow the source to objects that are named so, or rename the object.',
    details: { object, pattern },
  });
}
