import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { parseTime } from '../../src/parse-time.js';

describe('parseTime', () => {
  it.each([
    'yesterday',
    '',
    '2025-02-30',
    '2025-13-01',
    '2025-1-6',
    '2025-01-06T12:00',
    '2025-01-06T12:00+02:00',
    '1e9',
  ])('refuses %j and says what is wanted', (text) => {
    expect(() => parseTime('from', text)).toThrow(UsageError);
    expect(() => parseTime('from', text)).toThrow(`Cannot read from "${text}": want a day such as 2025-01-06`);
  });

  it('takes seconds and milliseconds, and leap days', () => {
    expect(parseTime('from', '2024-02-29T23:59:59.5Z')).toBe('2024-02-29T23:59:59.500Z');
    expect(parseTime('from', '2024-02-29')).toBe('2024-02-29T00:00:00.000Z');
  });
});
