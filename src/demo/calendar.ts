import { UsageError } from '../errors.js';
import { WEEKS } from './weeks.js';

/** What goes wrong in a week, on purpose. */
export type Trouble =
  /** The week's file arrives without a column; the corrected one comes later. */
  | 'missing-column'
  /** After the week's run somebody asks for one on shuffled labels. */
  | 'shuffled-labels'
  /** The worker is killed with -9 in the middle of the training. */
  | 'worker-killed';

/** One turn of the demo's clock. */
export interface CalendarWeek {
  /** The newest week that the run sees, from 1; the week after it is served. */
  readonly week: number;
  /** Weeks whose files arrive before the run. */
  readonly arriving: readonly number[];
  readonly trouble?: Trouble;
}

export const DEFAULT_WEEKS = 10;
const FEWEST_WEEKS = 4;
/** Weeks that are there before the first run: two to learn from, one to be judged on. */
const HISTORY = 3;
const MOST_WEEKS = WEEKS - HISTORY;

/**
 * The calendar of a demo that plays so many weeks (4 to 23).
 * @throws {UsageError} for another number.
 */
export function demoCalendar(weeks: number): CalendarWeek[] {
  if (!Number.isInteger(weeks) || weeks < FEWEST_WEEKS || weeks > MOST_WEEKS) {
    throw new UsageError(`Cannot play "${weeks}" weeks: want a whole number from ${FEWEST_WEEKS} to ${MOST_WEEKS}`, {
      fix: `For example: perennial demo --weeks ${DEFAULT_WEEKS}`,
    });
  }
  const troubles = new Map<number, Trouble>([
    [Math.floor(weeks * 0.3), 'missing-column'],
    [Math.floor(weeks * 0.5), 'shuffled-labels'],
    [Math.floor(weeks * 0.75), 'worker-killed'],
  ]);
  return Array.from({ length: weeks }, (_, turn) => {
    const week = HISTORY + turn;
    const trouble = troubles.get(turn);
    const arriving = turn === 0 ? Array.from({ length: HISTORY }, (_, index) => index + 1) : [week];
    return { week, arriving, ...(trouble && { trouble }) };
  });
}
