import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countOutcomes,
  isHopeless,
  shortTime,
  windowEnds,
  windowsToRun,
  withWindow,
  type BackfilledWindow,
} from '../../../src/domain/backfill.js';

const window = (asOf: string, outcome: BackfilledWindow['outcome'] = 'HOLD', run = 1): BackfilledWindow => ({
  asOf,
  run,
  outcome,
  summary: '',
});

describe('windowEnds', () => {
  it('gives the end of every whole window, the end of the range included, and nothing of what is left over', () => {
    const from = '2025-01-06T00:00:00.000Z';
    const ends = windowEnds({ from, to: '2025-03-31T00:00:00.000Z', every: '1w' });
    expect(ends).toHaveLength(12);
    expect(ends[0]).toBe('2025-01-13T00:00:00.000Z');
    expect(ends.at(-1)).toBe('2025-03-31T00:00:00.000Z');
    expect(windowEnds({ from, to: '2025-01-19T23:59:59.999Z', every: '1w' })).toEqual(['2025-01-13T00:00:00.000Z']);
    expect(windowEnds({ from, to: '2025-01-06T12:00:00.000Z', every: '1w' })).toEqual([]);
  });

  it('holds over any range: equal steps, the first one a step after the start, the last one at most at the end', () => {
    const time = fc.date({ min: new Date('2000-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
    const minutes = fc.integer({ min: 60, max: 60 * 24 * 400 });
    fc.assert(
      fc.property(time, fc.nat(60 * 24 * 300), minutes, (start, length, step) => {
        const to = new Date(start.getTime() + length * 60_000);
        const ends = windowEnds({ from: start.toISOString(), to: to.toISOString(), every: `${step}m` }).map(Date.parse);
        const wanted = Array.from({ length: Math.floor(length / step) }, (_, index) => (index + 1) * step * 60_000);
        expect(ends.map((end) => end - start.getTime())).toEqual(wanted);
        expect(ends.at(-1) ?? 0).toBeLessThanOrEqual(to.getTime());
      }),
    );
  });
});

describe('windowsToRun', () => {
  const ends = ['1', '2', '3', '4'];

  it('leaves out windows with a verdict and tries those that failed again', () => {
    const done = [window('1'), window('2', 'FAILED'), window('3', 'REJECT')];
    expect(windowsToRun(ends, done, false)).toEqual(['2', '4']);
    expect(windowsToRun(ends, [], false)).toEqual(ends);
  });

  it('goes on after the newest verdict when windows are promoted: an older one must not follow a newer one', () => {
    const done = [window('1'), window('2', 'FAILED'), window('3', 'PROMOTE')];
    expect(windowsToRun(ends, done, true)).toEqual(['4']);
    expect(windowsToRun(ends, [window('1', 'FAILED')], true)).toEqual(ends);
  });

  it('leaves out what ends before a champion has learned of elsewhere, but not the window that ends then', () => {
    const elsewhere = (asOf: string) => ({ ...window(asOf), foreign: true as const });
    expect(windowsToRun(ends, [elsewhere('3')], true)).toEqual(['3', '4']);
    expect(windowsToRun(ends, [window('1'), elsewhere('35')], true)).toEqual(['4']);
    expect(windowsToRun(ends, [elsewhere('5')], true)).toEqual([]);
    expect(windowsToRun(ends, [elsewhere('0')], true)).toEqual(ends);
  });
});

it('withWindow keeps the order of time and the newest try of a window', () => {
  const windows = withWindow(withWindow([window('3')], window('1', 'FAILED', 2)), window('1', 'HOLD', 5));
  expect(windows.map(({ asOf, run, outcome }) => [asOf, run, outcome])).toEqual([
    ['1', 5, 'HOLD'],
    ['3', 1, 'HOLD'],
  ]);
});

describe('isHopeless', () => {
  const empty = { code: 'DATA.EMPTY', stage: 'split' } as const;
  const trainer = { code: 'TRAIN.FAILED', stage: 'train' } as const;

  it('goes on after windows without rows, however many, and after a single failure of a trainer', () => {
    expect(isHopeless([empty, empty, empty, empty])).toBe(false);
    expect(isHopeless([trainer])).toBe(false);
    expect(isHopeless([trainer, trainer, null, trainer])).toBe(false);
    expect(isHopeless([null])).toBe(false);
    expect(isHopeless([])).toBe(false);
  });

  it('stops at what is the same in every window: sources, contract, SQL, and three like failures in a row', () => {
    expect(isHopeless([{ code: 'DATA.CONTRACT', stage: 'validate' }])).toBe(true);
    expect(isHopeless([{ code: 'DATA.EMPTY', stage: 'ingest' }])).toBe(true);
    expect(isHopeless([null, { code: 'DATA.PREPARE', stage: 'split' }])).toBe(true);
    expect(isHopeless([{ code: 'DATA.PAIR', stage: 'split' }])).toBe(true);
    expect(isHopeless([empty, trainer, trainer, trainer])).toBe(true);
    expect(isHopeless([trainer, { code: 'TRAIN.TIMEOUT', stage: 'train' }, trainer])).toBe(false);
  });

  it('takes a run that a person cancelled for no reason to stop', () => {
    const cancelled = { code: 'RUN.CANCELLED', stage: 'ingest' } as const;
    expect(isHopeless([cancelled, cancelled, cancelled])).toBe(false);
  });
});

it('countOutcomes says how many windows there are and how they ended', () => {
  expect(countOutcomes([])).toBe('0 windows');
  expect(countOutcomes([window('1')])).toBe('1 window: 1 HOLD');
  expect(countOutcomes([window('1', 'FAILED'), window('2', 'PROMOTE'), window('3')])).toBe(
    '3 windows: 1 PROMOTE, 1 HOLD, 1 FAILED',
  );
});

it('shortTime says a time as short as it can be said', () => {
  expect(shortTime('2025-01-06T00:00:00.000Z')).toBe('2025-01-06');
  expect(shortTime('2025-01-06T12:30:00.000Z')).toBe('2025-01-06T12:30Z');
  expect(shortTime('2025-01-06T12:30:15.500Z')).toBe('2025-01-06T12:30:15.500Z');
  expect(shortTime('2025-01-06T00:00:15.000Z')).toBe('2025-01-06T00:00:15.000Z');
});
