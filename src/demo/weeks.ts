import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { withDuckDb } from '../data/duckdb.js';
import { quoteFile, quoteName } from '../data/sql-text.js';
import { UsageError } from '../errors.js';

/** Weeks that the flights file has, from Monday 1 January 2001. */
export const WEEKS = 26;
const COLUMNS = ['date', 'delay', 'distance', 'origin', 'destination'] as const;
const DAY_MS = 86_400_000;

export interface WriteWeekOptions {
  /** A column to leave out: the file of a week in which something went wrong upstream. */
  readonly without?: (typeof COLUMNS)[number];
}

/**
 * Writes the flights of one week (from 1) as a Parquet file into a folder, as `flights-<Monday>.parquet`, and returns
 * its path. The same week gives the same bytes, and a file that is there already is left as it is.
 *
 * @throws what `flightsFile` throws
 */
export async function writeWeek(folder: string, week: number, options: WriteWeekOptions = {}): Promise<string> {
  const flights = flightsFile();
  const file = path.join(folder, weekFile(week));
  if (existsSync(file)) return file;
  const columns = COLUMNS.filter((column) => column !== options.without).map(quoteName);
  await mkdir(folder, { recursive: true });
  await withDuckDb({ folders: [path.dirname(flights), folder], tempFolder: path.join(folder, '.spill') }, (db) =>
    db.run(
      `COPY (SELECT ${columns.join(', ')} FROM ${quoteFile(flights)}
        WHERE date >= '${monday(week)}' AND date < '${monday(week + 1)}' ORDER BY date, origin, destination, delay)
        TO ${quoteFile(file)} (FORMAT parquet, COMPRESSION zstd)`,
    ),
  );
  return file;
}

/** Name of a week's file: `flights-2001-01-08.parquet` for the second. */
export function weekFile(week: number): string {
  return `flights-${monday(week)}.parquet`;
}

/** The Monday on which a week (from 1) begins: `2001-01-08` for the second. */
export function monday(week: number): string {
  return new Date(Date.UTC(2001, 0, 1) + (week - 1) * 7 * DAY_MS).toISOString().slice(0, 10);
}

/**
 * The three million flights of the npm package vega-datasets. Only the repository installs it: 40 MB for a demo are no
 * dependency for everybody.
 *
 * @throws {UsageError} when they are not there
 */
export function flightsFile(): string {
  let cause: unknown;
  try {
    const file = path.join(createRequire(import.meta.url).resolve('vega-datasets'), '../../data/flights-3m.parquet');
    if (existsSync(file)) return file;
  } catch (error) {
    cause = error;
  }
  throw new UsageError('Cannot play the demo here: want the flights of the npm package "vega-datasets", found none', {
    fix: 'Run it in a clone of the repository of Perennial: `npm run demo` there installs them.',
    cause,
  });
}
