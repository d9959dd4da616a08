import type { Check, ContractFinding } from '../domain/contract.js';
import type { TableProfile } from '../domain/profile.js';
import { isKept, seconds, wantedWords } from './expectation.js';
import { withoutRows } from './structure.js';

/** The profile of one file of a source. */
export interface ObjectProfile {
  readonly object: string;
  readonly profile: TableProfile;
}

/**
 * What the rules on age find in a source, over all its files: data is late when no file has a new enough value, and an
 * old file among new ones is no news.
 *
 * @param now milliseconds since 1970
 */
export function ageFindings(
  source: string,
  checks: readonly Check[],
  files: readonly ObjectProfile[],
  now: number,
): ContractFinding[] {
  return checks.flatMap(({ id, measure, expect, severity }) => {
    if (measure.kind !== 'age') return [];
    const { column } = measure;
    const newest = newestValue(column, files);
    const age = newest === undefined ? Number.NaN : (now - newest.time) / 1000;
    if (isKept(expect, age)) return [];
    const found =
      newest === undefined ? 'found no time' : `found ${timeText(newest.time)} as the newest, ${seconds(age)} old`;
    const message = `column "${column}": ${found}, want ${wantedWords(expect, seconds)}`;
    return [{ source, object: newest?.object ?? '', column, check: id, severity: withoutRows(severity), message }];
  });
}

/** Whether a source has such rules: they need the profiles of all its files. */
export function hasAgeRule(checks: readonly Check[]): boolean {
  return checks.some(({ measure }) => measure.kind === 'age');
}

function newestValue(
  column: string,
  files: readonly ObjectProfile[],
): { readonly object: string; readonly time: number } | undefined {
  let newest: { object: string; time: number } | undefined;
  for (const { object, profile } of files) {
    const found = profile.columns.find(({ name }) => name === column);
    const time = found?.type === 'timestamp' || found?.type === 'date' ? found.numbers?.max : undefined;
    if (time !== undefined && (newest === undefined || time > newest.time)) newest = { object, time };
  }
  return newest;
}

function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'a time beyond the calendar' : date.toISOString();
}
