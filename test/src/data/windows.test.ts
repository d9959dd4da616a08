import { describe, expect, it } from 'vitest';
import type { SnapshotPart } from '../../../src/domain/data.js';
import { neededRange, newestRange, partsInRange, splitWindows } from '../../../src/data/windows.js';

const spec = {
  by: 'time',
  train: '28d',
  validation: '1d',
  test: '7d',
  gap: '0d',
  lookback: '2d',
  maxTrainRows: 10,
} as const;
const part = (from?: string, to?: string) => ({ ...(from && { from }), ...(to && { to }) }) as SnapshotPart;

describe('splitWindows', () => {
  it('ends with the day of the newest row, and leaves no gap', () => {
    const { train, validation, test } = splitWindows(spec, '2001-02-18T23:59:00.000Z');
    expect(test).toEqual({ from: '2001-02-12T00:00:00.000Z', to: '2001-02-19T00:00:00.000Z' });
    expect(validation).toEqual({ from: '2001-02-11T00:00:00.000Z', to: test.from });
    expect(train).toEqual({ from: '2001-01-14T00:00:00.000Z', to: validation.from });
    expect(splitWindows(spec, '2001-02-18T00:00:00.000Z').test.to).toBe(test.to);
  });

  it('leaves the gap out before validation and before test', () => {
    const { train, validation, test } = splitWindows({ ...spec, gap: '12h' }, '2001-02-18T23:59:00.000Z');
    expect(test).toEqual({ from: '2001-02-12T00:00:00.000Z', to: '2001-02-19T00:00:00.000Z' });
    expect(validation).toEqual({ from: '2001-02-10T12:00:00.000Z', to: '2001-02-11T12:00:00.000Z' });
    expect(train).toEqual({ from: '2001-01-13T00:00:00.000Z', to: '2001-02-10T00:00:00.000Z' });
  });

  it('trains on everything from the day of the oldest row on, when that is asked for', () => {
    const windows = splitWindows({ ...spec, train: 'all' }, '2001-02-18T23:59:00.000Z', '1999-05-05T07:00:00.000Z');
    expect(windows.train).toEqual({ from: '1999-05-05T00:00:00.000Z', to: windows.validation.from });
  });

  it('takes the newest stretch for splits by something else, which ends with the day of the newest row too', () => {
    expect(newestRange('2d', '2001-02-18T12:00:00Z')).toEqual({
      from: '2001-02-17T00:00:00.000Z',
      to: '2001-02-19T00:00:00.000Z',
    });
  });

  it('refuses what is no time', () => {
    expect(() => splitWindows(spec, 'soon')).toThrow(/Cannot read time "soon"/);
  });
});

describe('the range that a split needs', () => {
  it('goes back by the lookback', () => {
    expect(neededRange(spec, '2001-02-18T12:00:00Z')).toEqual({
      from: '2001-01-12T00:00:00.000Z',
      to: '2001-02-19T00:00:00.000Z',
    });
  });

  it('takes parts that overlap it, by a row at its edges too, and parts that do not say their time', () => {
    const range = { from: '2001-01-10T00:00:00.000Z', to: '2001-01-20T00:00:00.000Z' };
    const inside = [
      part('2001-01-01T00:00:00.000Z', '2001-01-10T00:00:00.000Z'),
      part('2001-01-12T00:00:00.000Z', '2001-01-13T00:00:00.000Z'),
      part('2001-01-19T23:59:59.999Z', '2001-02-01T00:00:00.000Z'),
      part('2001-01-01T00:00:00.000Z', '2001-02-01T00:00:00.000Z'),
      part(),
    ];
    const outside = [
      part('2001-01-01T00:00:00.000Z', '2001-01-09T23:59:59.999Z'),
      part('2001-01-20T00:00:00.000Z', '2001-01-21T00:00:00.000Z'),
    ];
    expect(partsInRange([...inside, ...outside], range)).toEqual(inside);
  });

  it('goes back to the beginning of time for all rows', () => {
    const all = neededRange({ ...spec, train: 'all' }, '2001-02-18T12:00:00Z');
    expect(partsInRange([part('0001-01-01T00:00:00.000Z', '0001-01-02T00:00:00.000Z')], all)).toHaveLength(1);
    expect(all.to).toBe('2001-02-19T00:00:00.000Z');
  });
});
