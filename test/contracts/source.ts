import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceObject } from '../../src/domain/data.js';
import { SourceRefusedError, SourceUnavailableError } from '../../src/errors.js';
import type { FetchedObject, Source } from '../../src/sources/source.js';

/** A place of its own for one test. */
export interface GrowingPlace {
  /** Opens the place anew, as another process does. */
  open(): Source;
  /** Makes new data appear: one object more in the next listing, of about this size. */
  add(bytes?: number): Promise<void>;
  /** Changes the data of the object that was added last. */
  change(): Promise<void>;
  /** Removes the object that was added last. */
  removeLast(): Promise<void>;
}

export interface GrowingSuite {
  /** An empty place. */
  place(): Promise<GrowingPlace>;
  /** A source whose place does not exist. */
  missing(): Promise<Source>;
}

/** What every source must do, whatever it reads from. */
export function sourceContract(name: string, suite: GrowingSuite): void {
  describe(`${name}, as a source`, () => {
    const { folder, newFile } = scratchFolder();

    it('lists nothing when nothing is there', async () => {
      const place = await suite.place();
      expect(await place.open().list()).toEqual([]);
      expect(await place.open().list({ known: [] })).toEqual([]);
    });

    it('lists what is new since what is known, and what is known as it was', async () => {
      const place = await suite.place();
      let known: SourceObject[] = [];
      for (let count = 1; count <= 4; count++) {
        await place.add();
        const listed = await place.open().list({ known });
        expect(listed).toHaveLength(count);
        for (const object of known) expect(listed).toContainEqual(object);
        known = listed;
      }
    });

    it('lists by id, each id once, with a version', async () => {
      const place = await suite.place();
      let known: SourceObject[] = [];
      for (let count = 0; count < 12; count++) {
        await place.add();
        known = await place.open().list({ known });
      }
      const ids = known.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].toSorted(byCodeUnit));
      expect(known.every(({ version, bytes }) => version !== '' && Number.isSafeInteger(bytes))).toBe(true);
    });

    it('lists the same again when it is asked again, from another process too', async () => {
      const place = await suite.place();
      await place.add();
      const known = await place.open().list();
      await place.add();
      const source = place.open();
      const listed = await source.list({ known });
      expect(await source.list({ known })).toEqual(listed);
      expect(await place.open().list({ known })).toEqual(listed);
      expect(await place.open().list({ known: listed })).toEqual(listed);
    });

    it('gives the same bytes each time it is asked, with their digest, to another process too', async () => {
      const place = await suite.place();
      await place.add();
      const known = await place.open().list();
      await place.add();
      for (const object of await place.open().list({ known })) {
        const [file, again] = [newFile(), newFile()];
        const facts = await place.open().fetch(object, file);
        expect(facts).toMatchObject(await factsOf(file));
        expect(await place.open().fetch(object, again)).toEqual(facts);
        expect((await readFile(again)).equals(await readFile(file))).toBe(true);
      }
    });

    it('gives an object whose data changed another version', async () => {
      const place = await suite.place();
      await place.add();
      await place.add();
      const known = await place.open().list();
      await place.change();
      const now = await place.open().list({ known });
      expect(now).not.toEqual(known);
      expect(now.map(({ id }) => id)).toEqual(known.map(({ id }) => id));
      for (const object of now) expect(await place.open().fetch(object, newFile())).toHaveProperty('sha256');
    });

    it('refuses to fetch what changed since it was listed and leaves no file, or names the version that it read', async () => {
      const place = await suite.place();
      await place.add();
      const [object] = await place.open().list();
      await place.change();
      const file = newFile();
      const outcome = await place
        .open()
        .fetch(object!, file)
        .catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(SourceUnavailableError);
        expect(outcome.message).toMatch(/changed since it was listed/);
        expect(await readdir(folder())).not.toContain(nameOf(file));
      } else {
        const [now] = await place.open().list({ known: [object!] });
        expect(now?.version).not.toBe(object?.version);
        expect(outcome).toEqual({ ...(await place.open().fetch(now!, newFile())), version: now?.version });
        expect(outcome).toMatchObject(await factsOf(file));
      }
    });

    it('does not list what was removed, and says so to whom wants it still', async () => {
      const place = await suite.place();
      await place.add();
      const known = await place.open().list();
      await place.removeLast();
      expect(await place.open().list({ known })).toEqual([]);
      await expect(place.open().fetch(known[0]!, newFile())).rejects.toThrow(SourceUnavailableError);
    });

    it('refuses a place that does not exist, and names it', async () => {
      const source = await suite.missing();
      await expect(source.list()).rejects.toThrow(SourceRefusedError);
      await expect(source.list()).rejects.toThrow(source.name);
    });

    it('never writes over a file that is there', async () => {
      const place = await suite.place();
      await place.add();
      const source = place.open();
      const [object] = await source.list();
      const file = newFile();
      await writeFile(file, 'precious');
      await expect(source.fetch(object!, file)).rejects.toThrow(/EEXIST/);
      expect(await readFile(file, 'utf8')).toBe('precious');
    });

    it('stops when it is told to, with the reason, and leaves no file', async () => {
      const place = await suite.place();
      await place.add(20_000_000);
      const source = place.open();
      const [object] = await source.list();
      const reason = new Error('enough');
      await expect(source.list({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      await expect(source.fetch(object!, newFile(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      // At once, before the first byte, and in the middle.
      for (const enough of [0, 1, 3_000_000]) {
        const file = newFile();
        const stop = new AbortController();
        const fetching = source.fetch(object!, file, { signal: stop.signal });
        const watch = stopAt(file, enough, () => stop.abort(reason));
        await expect(fetching).rejects.toBe(reason);
        await watch;
        expect(await readdir(folder())).not.toContain(nameOf(file));
      }
    });

    it('serves many calls at the same time', async () => {
      const place = await suite.place();
      await place.add(300_000);
      const source = place.open();
      const [object] = await source.list();
      const all = await Promise.all(Array.from({ length: 20 }, async () => source.fetch(object!, newFile())));
      expect(new Set(all.map(({ sha256 }) => sha256)).size).toBe(1);
    });
  });
}

/** A place whose objects are files with names of their own. */
export interface SourcePlace {
  readonly source: Source;
  put(id: string, bytes: Buffer): Promise<void>;
  remove(id: string): Promise<void>;
}

export interface ObjectSuite {
  /** An empty place. */
  place(): Promise<SourcePlace>;
  /** A source whose place does not exist. */
  missing(): Promise<Source>;
  /** The id of the file with this name: below the key prefix of a bucket, for example. */
  id(name: string): string;
}

/** What sources of files must do beside what every source must. */
export function objectSourceContract(name: string, suite: ObjectSuite): void {
  sourceContract(name, {
    missing: () => suite.missing(),
    place: async () => {
      const place = await suite.place();
      let count = 0;
      const last = () => suite.id(`day=${count}/file.csv`);
      return {
        open: () => place.source,
        add: (bytes = 1000) => {
          count += 1;
          return place.put(last(), randomBytes(bytes));
        },
        change: () => place.put(last(), randomBytes(1000)),
        removeLast: () => place.remove(last()),
      };
    },
  });

  describe(`${name}, as a source of files`, () => {
    const { newFile } = scratchFolder();
    const { id } = suite;

    it('lists every object with its size, sorted by id, names as they are', async () => {
      const { source, put } = await suite.place();
      const ids = ['007', '1e3', 'b/2.csv', 'a.csv', 'Z.csv', ...ODD].map(id);
      for (const [index, each] of ids.entries()) await put(each, Buffer.alloc(index + 1));
      const expected = ids.map((each, index) => ({ id: each, bytes: index + 1 }));
      expected.sort((a, b) => byCodeUnit(a.id, b.id));
      const listed = await source.list();
      expect(listed.map(({ id: found, bytes }) => ({ id: found, bytes }))).toEqual(expected);
    });

    it('fetches each listed object under its odd name, byte for byte, with its digest', async () => {
      const { source, put } = await suite.place();
      const bodies = new Map(['plain.csv', 'ü/é.csv', ...ODD].map((each) => [id(each), randomBytes(1000)]));
      for (const [each, body] of bodies) await put(each, body);
      for (const object of await source.list()) {
        const file = newFile();
        const facts = await source.fetch(object, file);
        const body = bodies.get(object.id) ?? Buffer.alloc(0);
        expect(facts).toEqual({ sha256: createHash('sha256').update(body).digest('hex'), bytes: 1000 });
        expect((await readFile(file)).equals(body)).toBe(true);
      }
    });

    it('keeps the version of an object until it is written with other bytes', async () => {
      const { source, put } = await suite.place();
      await put(id('a.csv'), Buffer.from('one'));
      await put(id('b.csv'), Buffer.from('two'));
      const before = await source.list();
      expect(await source.list()).toEqual(before);
      await put(id('b.csv'), Buffer.from('owt'));
      const after = await source.list();
      expect(after[0]).toEqual(before[0]);
      expect(after[1]?.version).not.toBe(before[1]?.version);
    });

    it('lists a file that comes late, with a name before all others, beside those that are known', async () => {
      const { source, put } = await suite.place();
      for (const day of ['2026-01-02', '2026-01-03']) await put(id(`${day}.csv`), randomBytes(10));
      const known = await source.list();
      await put(id('2026-01-01.csv'), randomBytes(10));
      const listed = await source.list({ known });
      expect(listed.map((object) => object.id)).toEqual([1, 2, 3].map((day) => id(`2026-01-0${day}.csv`)));
      expect(listed.slice(1)).toEqual(known);
    });
  });
}

/** What sources that find files by themselves must do beside what sources of files must. */
export function folderSourceContract(name: string, suite: ObjectSuite): void {
  objectSourceContract(name, suite);

  describe(`${name}, as a source that finds files`, () => {
    const { id } = suite;

    it('lists more objects than fit on a page, each once', async () => {
      const { source, put } = await suite.place();
      const names = Array.from({ length: 1100 }, (_, index) => id(`many & more/${String(index).padStart(5, '0')}.csv`));
      for (let from = 0; from < names.length; from += 50) {
        await Promise.all(names.slice(from, from + 50).map((each) => put(each, Buffer.from('x'))));
      }
      expect((await source.list()).map((object) => object.id)).toEqual(names);
    });

    it('skips what other programs leave behind', async () => {
      const { source, put } = await suite.place();
      for (const each of ['_SUCCESS', '.a.csv.crc', '_temporary/0/part.csv', 'day=1/.tmp.csv', 'day=1/a.csv']) {
        await put(id(each), Buffer.from('x'));
      }
      expect((await source.list()).map((object) => object.id)).toEqual([id('day=1/a.csv')]);
    });
  });
}

const ODD = ['with space+plus.csv', "odd!(1)*'&<x>%41.csv", 'ümlaut-é.csv'];

function scratchFolder() {
  let folder = '';
  let files = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perennial-source-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  return { folder: () => folder, newFile: () => join(folder, `file-${(files += 1)}`) };
}

async function factsOf(file: string): Promise<FetchedObject> {
  const bytes = await readFile(file);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

/** Calls when the file has so many bytes; at once for none. */
async function stopAt(file: string, bytes: number, stop: () => void): Promise<void> {
  const size = async () => (await stat(file).catch(() => undefined))?.size ?? -1;
  const deadline = Date.now() + 10_000;
  if (bytes > 0) while ((await size()) < bytes && Date.now() < deadline) await new Promise(setImmediate);
  stop();
}

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
