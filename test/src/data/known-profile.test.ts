import { describe, expect, it } from 'vitest';
import { partsToFollow, withKnown } from '../../../src/data/known-profile.js';
import type { Column, SnapshotPart } from '../../../src/domain/data.js';
import type { ColumnProfile, TableProfile } from '../../../src/domain/profile.js';

const ref = (name: string) => ({ key: `blobs/${name}`, sha256: name, bytes: 1 });
const a: Column = { name: 'a', type: 'integer' };
const b: Column = { name: 'b', type: 'string' };

function part(id: string, columns: readonly Column[], more: Partial<SnapshotPart> = {}): SnapshotPart {
  const object = { id, version: '1', bytes: 1 };
  return { source: 's', object, sourceSha256: id, ref: ref(id), rows: 1, columns, profile: ref(`p-${id}`), ...more };
}
const ids = (parts: readonly SnapshotPart[]) => parts.map(({ object }) => object.id);

describe('partsToFollow', () => {
  it('takes the newest part when it has all columns', () => {
    const parts = [part('1', [a, b], { to: '2026-01-03' }), part('2', [a, b], { to: '2026-01-02' })];
    expect(ids(partsToFollow(parts, [a, b]))).toEqual(['1']);
  });

  it('goes back for a column that the newest part does not have, or has with another type', () => {
    const parts = [part('1', [a, b]), part('2', [a]), part('3', [a, { ...b, type: 'integer' }])];
    expect(ids(partsToFollow(parts, [a, b]))).toEqual(['3', '1']);
  });

  it('leaves out parts without a profile, and takes none for columns that nobody knows', () => {
    const { profile: _, ...bare } = part('2', [a]);
    expect(ids(partsToFollow([part('1', [a]), bare], [a]))).toEqual(['1']);
    expect(partsToFollow([part('1', [a])], [b])).toEqual([]);
  });
});

describe('withKnown', () => {
  const profile = (...columns: ColumnProfile[]): TableProfile => ({ rows: 10, columns });
  const column = (name: string, nulls: number, distinct: number): ColumnProfile => ({
    name,
    type: 'integer',
    rows: 10,
    nulls,
    distinct,
  });

  it('keeps columns as they were known first, and adds new ones', () => {
    const known = withKnown(profile(column('a', 0, 1)), profile(column('a', 0, 2), column('b', 0, 3)));
    expect(known.columns.map(({ distinct }) => distinct)).toEqual([1, 3]);
    expect(withKnown(undefined, profile(column('a', 0, 1)))).toEqual(profile(column('a', 0, 1)));
  });

  it('takes a column anew that had no values', () => {
    expect(withKnown(profile(column('a', 10, 0)), profile(column('a', 2, 5))).columns).toEqual([column('a', 2, 5)]);
  });
});
