import { UsageError } from './errors.js';

/**
 * A time as people write it, in ISO 8601 with milliseconds.
 * @throws {UsageError}
 */
export function parseTime(name: string, text: string): string {
  const full = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/.test(full)) {
    const ms = Date.parse(full);
    // The 30th of February would become a day in March.
    if (Number.isFinite(ms) && new Date(ms).toISOString().startsWith(full.slice(0, 16)))
      return new Date(ms).toISOString();
  }
  throw new UsageError(
    `Cannot read ${name} "${text.slice(0, 60)}": want a day such as 2025-01-06, or 2025-01-06T12:00Z`,
    {
      fix: 'Give a day, or a day with a time in UTC',
    },
  );
}
