import { describe, expect, it } from 'vitest';
import { backfillRange } from '../../src/backfills.js';
import { UsageError } from '../../src/errors.js';

const now = Date.parse('2025-06-01T00:00:00Z');
const range = (from: string, to: string, every?: string) =>
  backfillRange({ from, to, ...(every === undefined ? {} : { every }) }, now);

describe('backfillRange', () => {
  it('takes days and times in UTC, and weeks by default', () => {
    expect(range('2025-01-06', '2025-03-31T12:30Z')).toEqual({
      from: '2025-01-06T00:00:00.000Z',
      to: '2025-03-31T12:30:00.000Z',
      every: '1w',
    });
    expect(range('2025-01-06', '2025-06-01', '1d').to).toBe('2025-06-01T00:00:00.000Z');
  });

  it.each([
    ['2025-03-31', '2025-01-06', '1w', 'found an end that is not after the start'],
    ['2025-01-06', '2025-01-06', '1w', 'found an end that is not after the start'],
    ['2025-01-06', '2025-06-02', '1w', 'found an end in the future'],
    ['2025-01-06', '2025-01-10', '1w', 'found no whole window of 1w'],
    ['2025-01-06', '2025-05-31', '1h', 'found 3480 windows of 1h, want at most 1000'],
    ['2025-01-06', '2025-05-31', '0w', 'Cannot backfill every "0w": want a duration of a minute or more'],
    ['2025-01-06', '2025-05-31', '1month', 'Cannot backfill every "1month"'],
    ['2025-01-06', '2025-05-31', '', 'Cannot backfill every ""'],
  ])('refuses %s to %s every %s', (from, to, every, message) => {
    expect(() => range(from, to, every)).toThrow(UsageError);
    expect(() => range(from, to, every)).toThrow(message);
  });

  it('refuses the shortest step that would be too many windows and takes the one before', () => {
    expect(range('2025-01-06', '2025-01-06T16:40Z', '1m').every).toBe('1m');
    expect(() => range('2025-01-06', '2025-01-06T16:41Z', '1m')).toThrow('found 1001 windows');
  });
});
