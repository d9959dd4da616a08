import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/domain/canonical.js';
import type { SnapshotPart, SourceObject } from '../../../src/domain/data.js';
import { buildSnapshot, diffObjects } from '../../../src/data/snapshot.js';

const object = (id: string, version = '1', bytes = 10): SourceObject => ({ id, version, bytes });
const reading = 'c'.repeat(64);
const part = (id: string, version = '1', source = 'flights', rows = 5): SnapshotPart => ({
  source,
  object: object(id, version),
  sourceSha256: 'a'.repeat(64),
  ref: { key: 'k', sha256: 'b'.repeat(64), bytes: 3 },
  rows,
  columns: [{ name: 'a', type: 'integer' }],
  reading,
});
const ids = (list: readonly (SourceObject | SnapshotPart)[]) =>
  list.map((each) => ('id' in each ? each.id : each.object.id));

describe('diffObjects', () => {
  it('reads everything the first time', () => {
    const { added, changed, gone, kept } = diffObjects([], [object('a'), object('b')], reading);
    expect([ids(added), changed, gone, kept]).toEqual([['a', 'b'], [], [], []]);
  });

  it('reads only what is new or changed', () => {
    const listing = [object('a'), object('b', '2'), object('c', '1', 11), object('d')];
    const { added, changed, gone, kept } = diffObjects([part('a'), part('b'), part('c'), part('x')], listing, reading);
    expect([ids(added), ids(changed), ids(gone), ids(kept)]).toEqual([['d'], ['b', 'c'], ['x'], ['a']]);
  });

  it('reads again what was read in another way, or by a version that did not say how', () => {
    const { reading: _, ...silent } = part('c');
    const before = [part('a'), { ...part('b'), reading: 'd'.repeat(64) }, silent];
    const { changed, kept } = diffObjects(before, [object('a'), object('b'), object('c')], reading);
    expect([ids(changed), ids(kept)]).toEqual([['b', 'c'], ['a']]);
  });

  it('puts every listed object and every part into exactly one group', () => {
    const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'e');
    const versions = fc.constantFrom('1', '2');
    const objects = fc.uniqueArray(fc.tuple(names, versions), { selector: ([id]) => id });
    fc.assert(
      fc.property(objects, objects, (before, now) => {
        const parts = before.map(([id, version]) => part(id, version));
        const listing = now.map(([id, version]) => object(id, version));
        const { added, changed, gone, kept } = diffObjects(parts, listing, reading);
        expect([...ids(added), ...ids(changed), ...ids(kept)].toSorted()).toEqual(ids(listing).toSorted());
        expect(
          parts.filter(
            ({ object: { id } }) => ids(kept).includes(id) || ids(changed).includes(id) || ids(gone).includes(id),
          ),
        ).toEqual(parts);
        expect(ids(gone).filter((id) => ids(listing).includes(id))).toEqual([]);
      }),
    );
  });
});

describe('buildSnapshot', () => {
  it('is the same whatever order the parts were read in', () => {
    const parts = [part('b'), part('a'), part('a', '1', 'airports'), part('Z')];
    const snapshot = buildSnapshot('delays', parts);
    expect(canonicalJson(buildSnapshot('delays', parts.toReversed()))).toBe(canonicalJson(snapshot));
    expect(snapshot).toMatchObject({ kind: 'snapshot', schemaVersion: 1, model: 'delays', rows: 20 });
    expect(snapshot.parts.map(({ source, object: { id } }) => `${source}/${id}`)).toEqual([
      'airports/a',
      'flights/Z',
      'flights/a',
      'flights/b',
    ]);
  });
});
