import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyTime } from '../../../src/data/key-time.js';
import { DataUnreadableError } from '../../../src/errors.js';

const day = { from: '2026-02-28T00:00:00.000Z', to: '2026-02-28T23:59:59.999Z' };

describe('keyTime', () => {
  it.each([
    ['dt={yyyy}-{MM}-{dd}/', 'events/dt=2026-02-28/part-0.parquet', day],
    ['{yyyy}{MM}{dd}', 'orders_20260228.csv', day],
    ['{yyyy}/{MM}/{yyyy}{MM}{dd}', '2026/02/20260228.csv', day],
    ['{dd}.{MM}.{yyyy}', 'Tag 28.02.2026.csv', day],
    ['[{yyyy}-{MM}-{dd}] (a+b)*?', 'x/[2026-02-28] (a+b)*?.csv', day],
    ['📦{yyyy}-{MM}-{dd}', 'ü/📦2026-02-28.csv', day],
    ['{yyyy}-{MM}-{dd}T{HH}', '2026-02-28T23.csv', { from: '2026-02-28T23:00:00.000Z', to: day.to }],
    ['{yyyy}-{MM}', '2026-02.csv', { from: '2026-02-01T00:00:00.000Z', to: day.to }],
    ['year={yyyy}', 'year=2026/a.csv', { from: '2026-01-01T00:00:00.000Z', to: '2026-12-31T23:59:59.999Z' }],
    ['{yyyy}-{MM}-{dd}', '2026-02-28/2026-02-28.csv', day],
    ['{yyyy}-{MM}', '2024-12.csv', { from: '2024-12-01T00:00:00.000Z', to: '2024-12-31T23:59:59.999Z' }],
  ])('finds %s in %s', (pattern, object, time) => {
    expect(keyTime(pattern, object)).toEqual(time);
  });

  it.each([
    ['dt={yyyy}-{MM}-{dd}/', 'events/2026-02-28/part-0.parquet', /does not have it/],
    ['{yyyy}{MM}', 'orders_20260228.csv', /does not have it/],
    ['{yyyy}/{MM}/{yyyy}{MM}{dd}', '2026/03/20260228.csv', /does not have it/],
    ['{yyyy}-{MM}-{dd}', '2026-02-30.csv', /no such time as 2026-02-30/],
    ['{yyyy}-{MM}-{dd}', '2026-13-01.csv', /no such time as 2026-13-01/],
    ['{yyyy}-{MM}-{dd}T{HH}', '2026-01-01T24.csv', /no such time/],
    ['{yyyy}-{MM}-{dd}', '2026-02-28/2026-02-27.csv', /more than once/],
    ['{yyyy}-{dd}', '2026-28.csv', /want \{MM\} with \{dd\}/],
    ['{yyyy}-{MM} {HH}', '2026-02 10.csv', /want/],
    ['.*{yyyy}', 'a2026.csv', /does not have it/],
  ])('says why it does not find %s in %s', (pattern, object, why) => {
    expect(() => keyTime(pattern, object)).toThrow(DataUnreadableError);
    expect(() => keyTime(pattern, object)).toThrow(why);
    expect(() => keyTime(pattern, object)).toThrow(`"${pattern}"`);
    expect(() => keyTime(pattern, object)).toThrow(`"${object}"`);
  });

  it('gives hours that follow one another without a gap', () => {
    const hours = fc.integer({ min: 0, max: 24 * 365 * 60 });
    fc.assert(
      fc.property(hours, (hour) => {
        const start = new Date(Date.UTC(1990, 0, 1, hour));
        const name = (date: Date) => `${date.toISOString().slice(0, 13)}.csv`;
        const { from, to } = keyTime('{yyyy}-{MM}-{dd}T{HH}', name(start));
        expect(from).toBe(start.toISOString());
        const next = new Date(start.getTime() + 3_600_000);
        expect(Date.parse(to) + 1).toBe(next.getTime());
        expect(keyTime('{yyyy}-{MM}-{dd}T{HH}', name(next)).from).toBe(next.toISOString());
      }),
    );
  });

  it('is quick with names that are made to be slow', () => {
    const started = performance.now();
    expect(() => keyTime(`${'a'.repeat(400)}{yyyy}`, 'a'.repeat(100_000))).toThrow(/does not have it/);
    expect(() => keyTime('{yyyy}-{MM}', '1'.repeat(100_000))).toThrow(/does not have it/);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
