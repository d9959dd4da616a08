import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceRefusedError, SourceUnavailableError } from '../../src/errors.js';
import type { Source } from '../../src/sources/source.js';

/** A place of its own for one test. */
export interface SourcePlace {
  readonly source: Source;
  put(id: string, bytes: Buffer): Promise<void>;
  remove(id: string): Promise<void>;
}

export interface SourceSuite {
  /** An empty place. */
  place(): Promise<SourcePlace>;
  /** A source whose place does not exist. */
  missing(): Promise<Source>;
  /** What an id begins with: the key prefix of a bucket. */
  readonly prefix: string;
}

/** What every source must do, whatever it reads from. */
export function sourceContract(name: string, suite: SourceSuite): void {
  describe(`${name}, as a source`, () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'perennial-source-'));
    });
    afterAll(async () => {
      await rm(folder, { recursive: true, force: true });
    });
    let files = 0;
    const newFile = () => join(folder, `file-${(files += 1)}`);
    const id = (text: string) => `${suite.prefix}${text}`;

    it('lists nothing when nothing is there', async () => {
      const { source } = await suite.place();
      expect(await source.list()).toEqual([]);
    });

    it('lists every object with its size, sorted by id, names as they are', async () => {
      const { source, put } = await suite.place();
      const names = [
        '007',
        '1e3',
        'b/2.csv',
        'a.csv',
        'Z.csv',
        'with space+plus.csv',
        "odd!(1)*'&<x>%41.csv",
        'ümlaut-é.csv',
      ];
      for (const [index, each] of names.entries()) await put(id(each), Buffer.alloc(index + 1));
      const listed = await source.list();
      const expected = names.map((each, index) => ({ id: id(each), bytes: index + 1 }));
      expected.sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(listed.map(({ id: found, bytes }) => ({ id: found, bytes }))).toEqual(expected);
    });

    it('fetches each listed object under its odd name, byte for byte, with its digest', async () => {
      const { source, put } = await suite.place();
      const bodies = new Map<string, Buffer>();
      for (const each of ['plain.csv', "odd!(1)*'&<x>%41.csv", 'with space+plus.csv', 'ü/é.csv']) {
        bodies.set(id(each), randomBytes(1000));
        await put(id(each), bodies.get(id(each)) ?? Buffer.alloc(0));
      }
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

    it('refuses to fetch an object that changed since it was listed, and leaves no file', async () => {
      const { source, put } = await suite.place();
      await put(id('a.csv'), Buffer.from('before'));
      const [object] = await source.list();
      await put(id('a.csv'), Buffer.from('after!'));
      const file = newFile();
      await expect(source.fetch(object!, file)).rejects.toThrow(SourceUnavailableError);
      await expect(source.fetch(object!, file)).rejects.toThrow(/changed since it was listed/);
      expect(await readdir(folder)).not.toContain(file.slice(folder.length + 1));
    });

    it('says that an object was removed since it was listed', async () => {
      const { source, put, remove } = await suite.place();
      await put(id('a.csv'), Buffer.from('here'));
      const [object] = await source.list();
      await remove(id('a.csv'));
      await expect(source.fetch(object!, newFile())).rejects.toThrow(SourceUnavailableError);
    });

    it('refuses a place that does not exist, and names it', async () => {
      const source = await suite.missing();
      await expect(source.list()).rejects.toThrow(SourceRefusedError);
      await expect(source.list()).rejects.toThrow(source.name);
    });

    it('never writes over a file that is there', async () => {
      const { source, put } = await suite.place();
      await put(id('a.csv'), Buffer.from('new'));
      const [object] = await source.list();
      const file = newFile();
      await writeFile(file, 'precious');
      await expect(source.fetch(object!, file)).rejects.toThrow(/EEXIST/);
      expect(await readFile(file, 'utf8')).toBe('precious');
    });

    it('stops when it is told to, with the reason, and leaves no file', async () => {
      const { source, put } = await suite.place();
      await put(id('a.csv'), randomBytes(20_000_000));
      const [object] = await source.list();
      const file = newFile();
      const reason = new Error('enough');
      await expect(source.list({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const stop = new AbortController();
      const fetching = source.fetch(object!, file, { signal: stop.signal });
      setImmediate(() => stop.abort(reason));
      await expect(fetching).rejects.toBe(reason);
      expect(await readdir(folder)).not.toContain(file.slice(folder.length + 1));
    });

    it('serves many calls at the same time', async () => {
      const { source, put } = await suite.place();
      const body = randomBytes(300_000);
      await put(id('a.csv'), body);
      const [object] = await source.list();
      const all = await Promise.all(Array.from({ length: 20 }, async () => source.fetch(object!, newFile())));
      expect(new Set(all.map(({ sha256 }) => sha256))).toEqual(
        new Set([createHash('sha256').update(body).digest('hex')]),
      );
    });
  });
}
