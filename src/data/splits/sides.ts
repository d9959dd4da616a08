import type { Column } from '../../domain/data.js';
import type { Db } from '../duckdb.js';
import type { TaskColumns } from '../prepared-table.js';
import { quoteName, timestamp } from '../sql-text.js';
import type { TimeRange } from '../windows.js';

export const SIDES = ['train', 'validation', 'test'] as const;
export type SideName = (typeof SIDES)[number];

/** Where the rows of one side are. A row that is on no side is in no file. */
export interface Side {
  /** A relation with the columns of `training`. */
  readonly relation: string;
  /** An SQL condition on it; the same row gives the same answer each time. */
  readonly where: string;
  /** The window of event time, where a side is one. Default: the range of the rows that are there. */
  readonly window?: TimeRange;
}

export type Sides = Readonly<Record<SideName, Side>>;

/** What a way of splitting can look at: the table `training`, whose rows have a label that is known. */
export interface CutContext {
  readonly db: Db;
  readonly columns: readonly Column[];
  readonly task: TaskColumns;
  /** Event times of its oldest and newest row, ISO 8601. */
  readonly oldest: string;
  readonly newest: string;
}

/** Sides of the one relation `training`. */
export function sidesOf(where: Readonly<Record<SideName, string>>): Sides {
  const side = (name: SideName): Side => ({ relation: 'training', where: where[name] });
  return { train: side('train'), validation: side('validation'), test: side('test') };
}

/** The condition that a row is in a stretch of time; endless times are in none. */
export function isInside(eventTime: string, { from, to }: TimeRange): string {
  const time = quoteName(eventTime);
  return `isfinite(${time}) AND ${time} >= ${timestamp(from)} AND ${time} < ${timestamp(to)}`;
}
