import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/domain/canonical.js';
import type { SnapshotPart, SourceObject } from '../../../src/domain/data.js';
import { buildChanges, buildSnapshot, diffObjects, repeatedId } from '../../../src/data/snapshot.js';

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

  it('reads again what was read in another way, or by a version that did not say how, and calls it not changed', () => {
    const { reading: _, ...silent } = part('c');
    const before = [part('a'), { ...part('b'), reading: 'd'.repeat(64) }, silent];
    const { changed, reread, kept } = diffObjects(before, [object('a'), object('b'), object('c')], reading);
    expect([changed, ids(reread), ids(kept)]).toEqual([[], ['b', 'c'], ['a']]);
  });

  const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'e', '2026-01-01.csv', '');
  const versions = fc.constantFrom('1', '2', '3');
  const listings = fc.uniqueArray(fc.tuple(names, versions), { selector: ([id]) => id });

  it('puts every listed object and every part into exactly one group', () => {
    const readings = fc.constantFrom(reading, 'd'.repeat(64));
    fc.assert(
      fc.property(listings, listings, readings, (before, now, digest) => {
        const parts = before.map(([id, version]) => part(id, version));
        const listing = now.map(([id, version]) => object(id, version));
        const { added, changed, reread, gone, kept } = diffObjects(parts, listing, digest);
        const read = [...ids(added), ...ids(changed), ...ids(reread)];
        expect([...read, ...ids(kept)].toSorted()).toEqual(ids(listing).toSorted());
        expect([...ids(kept), ...ids(changed), ...ids(reread), ...ids(gone)].toSorted()).toEqual(ids(parts).toSorted());
        if (digest !== reading) expect(kept).toEqual([]);
      }),
    );
  });

  /** A run as `ingest` does it: what is not read is kept, what is gone is dropped. */
  const run = (parts: readonly SnapshotPart[], listing: readonly SourceObject[]) => {
    const { added, changed, reread, kept } = diffObjects(parts, listing, reading);
    const read = [...added, ...changed, ...reread].map(({ id, version }) => part(id, version));
    return { read, parts: buildSnapshot('delays', [...kept, ...read]).parts };
  };

  it('takes every file in the end and none twice, however late and in whatever order files come, change and go', () => {
    fc.assert(
      fc.property(fc.array(listings, { minLength: 1, maxLength: 8 }), fc.array(fc.boolean()), (history, lost) => {
        let parts: readonly SnapshotPart[] = [];
        const reads: string[] = [];
        const seen: string[] = [];
        for (const [turn, now] of history.entries()) {
          const listing = now.map(([id, version]) => object(id, version));
          const done = run(parts, listing);
          // A worker that was killed leaves no snapshot: the next run begins where this one did.
          if (lost[turn] && turn < history.length - 1) continue;
          const before = new Set(parts.map(({ object: { id, version } }) => `${id}@${version}`));
          seen.push(...now.map(([id, version]) => `${id}@${version}`).filter((each) => !before.has(each)));
          reads.push(...done.read.map(({ object: { id, version } }) => `${id}@${version}`));
          parts = done.parts;
          // The snapshot has what is there now, each file once, in the version that is there.
          expect(parts.map(({ object: { id, version } }) => [id, version])).toEqual(
            now.toSorted(([a], [b]) => (a < b ? -1 : 1)),
          );
        }
        // What was read is what was new to the snapshot before: no more, no less.
        expect(reads.toSorted()).toEqual(seen.toSorted());
      }),
    );
  });

  it('needs nothing when nothing has changed, and gives the same snapshot', () => {
    fc.assert(
      fc.property(listings, (now) => {
        const listing = now.map(([id, version]) => object(id, version));
        const { parts } = run([], listing);
        const again = run(parts, listing.toReversed());
        expect(again.read).toEqual([]);
        expect(canonicalJson(again.parts)).toBe(canonicalJson(parts));
      }),
    );
  });
});

describe('repeatedId', () => {
  it('finds the id that a listing has twice', () => {
    expect(repeatedId([object('a'), object('b')])).toBeUndefined();
    expect(repeatedId([object('a'), object('b'), object('a', '2')])).toBe('a');
    expect(repeatedId([object(''), object('')])).toBe('');
  });
});

describe('buildChanges', () => {
  it('tells by source what was new, changed, gone and read again, by id', () => {
    const listing = [object('d'), object('a', '2'), object('c'), object('b')];
    const otherwise = { ...part('c'), reading: 'd'.repeat(64) };
    const visits = diffObjects([part('a'), otherwise, part('x'), part('e'), part('b')], listing, reading);
    const shops = diffObjects([], [], reading);
    expect(buildChanges('f'.repeat(64), { visits, shops })).toEqual({
      kind: 'changes',
      schemaVersion: 1,
      snapshot: 'f'.repeat(64),
      sources: {
        visits: { added: ['d'], changed: ['a'], gone: ['e', 'x'], reread: ['c'] },
        shops: { added: [], changed: [], gone: [] },
      },
    });
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
