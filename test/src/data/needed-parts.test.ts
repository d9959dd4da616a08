import { describe, expect, it } from 'vitest';
import { neededParts } from '../../../src/data/needed-parts.js';
import { defineModel } from '../../../src/define-model.js';
import type { SnapshotPart } from '../../../src/domain/data.js';
import type { ModelSpec, ModelSpecInput } from '../../../src/spec/spec.js';
import { toySpec } from '../../support/toy-data.js';

const file = { kind: 'file', path: 'data' } as const;

function specOf(changes: Partial<ModelSpecInput>): ModelSpec {
  return defineModel({ ...toySpec('toy', 'data', { contract: {} }), prepare: 'x.sql', ...changes });
}
/** One part a day, from the first January day to the last. */
function days(source: string, first: number, last: number, column?: string): SnapshotPart[] {
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const day = new Date(Date.UTC(2026, 0, first + index)).toISOString().slice(0, 10);
    return {
      source,
      object: { id: `${source}-${day}`, version: '1', bytes: 1 },
      columns: column === undefined ? [] : [{ name: column, type: 'timestamp' }],
      from: `${day}T00:00:00.000Z`,
      to: `${day}T23:00:00.000Z`,
    } as unknown as SnapshotPart; // what is not looked at is left out
  });
}
const found = (parts: Readonly<Record<string, readonly SnapshotPart[]>>, source: string) =>
  (parts[source] ?? []).map(({ object }) => object.id.slice(-2));
const time = { by: 'time', train: '3d', validation: '1d', test: '1d' } as const;

describe('neededParts', () => {
  it('takes the windows and the lookback before them, and all of a source that tells no time', () => {
    const spec = specOf({ sources: { visits: file, shops: file }, split: { ...time, lookback: '2d' } });
    const shops = days('shops', 1, 2).map(
      (part) => ({ source: part.source, object: part.object, columns: [] }) as unknown as SnapshotPart,
    );
    const parts = neededParts(spec, [...days('visits', 1, 20, 'visited'), ...shops]);
    expect(found(parts, 'visits')).toEqual(['14', '15', '16', '17', '18', '19', '20']);
    expect(found(parts, 'shops')).toHaveLength(2);
  });

  it('takes all of a source that has nothing there, and names every source', () => {
    const spec = specOf({ sources: { visits: file, old: file, none: file }, split: time });
    const parts = neededParts(spec, [...days('visits', 11, 20, 'visited'), ...days('old', 1, 2, 'then')]);
    expect(found(parts, 'old')).toEqual(['01', '02']);
    expect(parts['none']).toEqual([]);
  });

  it('goes by the source that has the event time of the task, and by the one that ends first', () => {
    const sources = { visits: file, weather: { ...file, eventTime: { column: 'measured' } } };
    const spec = specOf({ sources, split: time });
    const weather = days('weather', 1, 30, 'measured');
    expect(found(neededParts(spec, [...days('visits', 1, 20, 'visited'), ...weather]), 'visits')[0]).toBe('16');
    const both = specOf({ sources: { visits: file, clicks: file }, split: time });
    const parts = [...days('visits', 1, 20, 'visited'), ...days('clicks', 1, 18, 'visited')];
    expect(found(neededParts(both, parts), 'visits')).toEqual(['14', '15', '16', '17', '18', '19', '20']);
  });

  it('goes back by the delay of the label', () => {
    const task = { ...toySpec('toy', 'data').task, labelDelay: '2d' };
    const spec = specOf({ sources: { visits: file }, split: time, task });
    expect(found(neededParts(spec, days('visits', 1, 20, 'visited')), 'visits')).toEqual([
      '14',
      '15',
      '16',
      '17',
      '18',
      '19',
      '20',
    ]);
  });

  it('takes nothing of the future, and a part that begins before it', () => {
    const spec = specOf({ sources: { visits: file }, split: time });
    const parts = neededParts(spec, days('visits', 1, 20, 'visited'), '2026-01-10T12:00:00.000Z');
    // The newest row is somewhere on the tenth: the windows end with that day, whenever it is.
    expect(found(parts, 'visits')).toEqual(['06', '07', '08', '09', '10']);
    const midnight = neededParts(spec, days('visits', 1, 20, 'visited'), '2026-01-10T00:00:00.000Z');
    expect(found(midnight, 'visits')).toEqual(['05', '06', '07', '08', '09']);
  });

  it('leaves out a part of the future as a whole when its rows tell no time', () => {
    const sources = { visits: { ...file, eventTime: { key: '{yyyy}-{MM}-{dd}' } } };
    const spec = specOf({ sources, split: time });
    const parts = neededParts(spec, days('visits', 1, 20), '2026-01-10T12:00:00.000Z');
    expect(found(parts, 'visits')).toEqual(['05', '06', '07', '08', '09']);
  });

  it('takes everything for an expanding window and for shares of all, and a stretch where one is named', () => {
    const sources = { visits: file, exam: file };
    const all = days('visits', 1, 20, 'visited');
    const expanding = specOf({ sources: { visits: file }, split: { ...time, train: 'all' } });
    expect(found(neededParts(expanding, all), 'visits')).toHaveLength(20);
    const hash = { by: 'hash' as const, columns: ['visits'] };
    expect(found(neededParts(specOf({ sources: { visits: file }, split: hash }), all), 'visits')).toHaveLength(20);
    const newest = specOf({ sources: { visits: file }, split: { ...hash, last: '2d', lookback: '1d' } });
    expect(found(neededParts(newest, all), 'visits')).toEqual(['18', '19', '20']);
    const fixed = specOf({ sources, split: { by: 'fixed', source: 'exam', key: ['visits'], last: '2d' } });
    const parts = neededParts(fixed, [...all, ...days('exam', 1, 25, 'visited')], '2026-01-18T00:00:00.000Z');
    expect(found(parts, 'visits')).toEqual(['16', '17']);
    expect(found(parts, 'exam')).toHaveLength(25);
  });
});
