import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cached, type CachedStep } from '../../activities/cached.js';
import type { ActivityDeps } from '../../activities/deps.js';
import { defineModel } from '../../src/define-model.js';
import type { Ref } from '../../src/domain/artifact.js';
import { openSource } from '../../src/sources/index.js';
import { declaredBudget } from '../../src/resources/declared.js';
import { BlobCache, putBlob, putManifest } from '../../src/stores/blobs.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { sharedLedgers } from '../../src/stores/shared-ledgers.js';
import { noCode } from '../support/no-code.js';
import { toySpec } from '../support/toy-data.js';

interface Input {
  readonly model: string;
  readonly run: number;
  readonly cache?: boolean;
  /** What the result is made of. */
  readonly seed: number;
}
interface Output {
  readonly made: Ref;
  readonly message: string;
}
type Toy = CachedStep<Input, Output>;

let folder: string;
let store: FolderStore;
let deps: ActivityDeps;
let worked: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-cached-'));
  store = new FolderStore(join(folder, 'store'));
  deps = {
    store,
    cache: new BlobCache(store, join(folder, 'cache'), { maxBytes: 1e9 }),
    remembered: store,
    ledger: sharedLedgers(store),
    scratchFolder: join(folder, 'scratch'),
    openSource,
    ...noCode,
    budget: declaredBudget(),
    trainers: {},
  };
  worked = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const BLOB = 'the bytes that the step makes, seed ';
const toy: Toy = {
  name: 'split',
  work: async ({ store }, { seed }) => {
    worked += 1;
    const blob = await putBlob(store, Buffer.from(BLOB + seed));
    const made = await putManifest(store, 'split', { kind: 'toy', deep: [{ down: blob }] });
    return { made, message: `made of seed ${seed}` };
  },
  facts: async (_, { seed }) => ({
    spec: defineModel(toySpec('toy', 'data')),
    material: { inputs: { seed }, parameters: {} },
  }),
};
const code = async () => 'c'.repeat(64);
const never = new AbortController().signal;
const run = (input: Partial<Input> = {}, step: Toy = toy, signal = never) =>
  cached(step, code)(deps, { model: 'toy', run: 1, seed: 1, ...input }, signal);

async function keysBelow(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}
const entries = () => keysBelow('cache/');
const onDisk = (key: string) => join(folder, 'store', key);

describe('a cached step', () => {
  it('is done once for the same material, and says first of all whether it was', async () => {
    const first = await run();
    expect(first).toMatchObject({ cache: 'miss', message: 'made of seed 1' });
    const second = await run({ run: 2 });
    const today = new Date().toISOString().slice(0, 10);
    expect(second).toEqual({ ...first, cache: 'hit', message: `taken from run 1 of ${today}: made of seed 1` });
    expect(Object.keys(second)[0]).toBe('cache');
    expect(worked).toBe(1);
    expect((await run({ run: 3, seed: 2 })).cache).toBe('miss');
    expect((await run({ run: 4 })).message).toContain('taken from run 1 of');
  });

  it('is done anew by other code', async () => {
    await run();
    const other = await cached(toy, async () => 'd'.repeat(64))(deps, { model: 'toy', run: 2, seed: 1 }, never);
    expect(other.cache).toBe('miss');
  });

  it('is done anew when the run or the spec says so, and what it made then is kept', async () => {
    const off: Toy = {
      ...toy,
      facts: async (...call) => {
        const facts = await toy.facts(...call);
        return { ...facts, spec: { ...facts.spec, cache: { ...facts.spec.cache, split: 'off' } } };
      },
    };
    expect((await run({ run: 1, cache: false })).cache).toBe('off');
    expect((await run({ run: 2, cache: false })).cache).toBe('off');
    expect((await run({ run: 3 }, off)).cache).toBe('off');
    expect(worked).toBe(3);
    expect((await run({ run: 4 })).message).toContain('taken from run 3 of');
  });

  it('is done each time when nobody can say what it depends on', async () => {
    const vague: Toy = {
      ...toy,
      facts: async (...call) => ({ ...(await toy.facts(...call)), material: 'it reads what it likes' }),
    };
    expect(await run({}, vague)).toMatchObject({
      cache: 'miss',
      message: 'made of seed 1; not kept: it reads what it likes',
    });
    expect((await run({}, vague)).cache).toBe('miss');
    expect(await entries()).toEqual([]);
  });

  it.each(['failed', 'aborted', 'done although aborted', 'of a world that has moved'])(
    'keeps nothing that is %s',
    async (how) => {
      const controller = new AbortController();
      const step: Toy = {
        ...toy,
        ...(how === 'of a world that has moved' && { fits: () => false }),
        work: async (...call) => {
          if (how.includes('aborted')) controller.abort(new Error('enough'));
          if (how === 'aborted') controller.signal.throwIfAborted();
          const output = await toy.work(...call);
          if (how === 'failed') throw new Error('no luck');
          return output;
        },
      };
      const result = await run({}, step, controller.signal).catch((error: Error) => error.message);
      if (how === 'failed' || how === 'aborted') expect(result).toBe(how === 'failed' ? 'no luck' : 'enough');
      else expect(result).toMatchObject({ cache: 'miss', message: 'made of seed 1' });
      expect(await entries()).toEqual([]);
      expect((await run()).cache).toBe('miss');
    },
  );

  it('is done all the same when its result cannot be kept', async () => {
    class FullStore extends FolderStore {
      override replace(): Promise<void> {
        return Promise.reject(new Error('the disk is full'));
      }
    }
    deps = { ...deps, store: new FullStore(join(folder, 'store')) };
    expect(await run()).toMatchObject({ cache: 'miss', message: 'made of seed 1; not kept: the disk is full' });
  });

  it('done by many at the same time, gives all of them the same', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, (_, index) => run({ run: index + 1 })));
    expect(new Set(results.map(({ made }) => made.sha256)).size).toBe(1);
    expect((await run({ run: 9 })).cache).toBe('hit');
    expect(await entries()).toHaveLength(1);
  });
});

describe('the entry of a cached step', () => {
  it.each([
    ['gone', () => undefined],
    ['no JSON', () => 'no JSON'],
    ['of another shape', (text: string) => text.replace('"schemaVersion":1', '"schemaVersion":2')],
    ['with more in it than is known', (text: string) => text.replace('{', '{"more":1,')],
    ['of other material', (text: string) => text.replace('"seed":1', '"seed":2')],
    ['changed by hand', (text: string) => text.replace('made of seed 1', 'made of gold')],
  ])('that is %s, is no entry, and is written anew', async (_, change) => {
    await run();
    const [key = ''] = await entries();
    const text = await readFile(onDisk(key), 'utf8');
    const changed = change(text);
    await (changed === undefined ? rm(onDisk(key)) : writeFile(onDisk(key), changed));
    expect(await run({ run: 2 })).toMatchObject({ cache: 'miss', message: 'made of seed 1' });
    expect(await run({ run: 3 })).toMatchObject({ cache: 'hit' });
    expect(worked).toBe(2);
  });

  it('of another place, is not taken for its own', async () => {
    await run({ seed: 1 });
    const [one = ''] = await entries();
    await run({ seed: 2 });
    const other = (await entries()).find((key) => key !== one) ?? '';
    await store.replace(other, await store.read(one));
    expect(await run({ seed: 2 })).toMatchObject({ cache: 'miss', message: 'made of seed 2' });
  });
});

describe('the objects of a result', () => {
  it.each([
    ['manifest', 'gone'],
    ['manifest', 'flipped'],
    ['manifest', 'short'],
    ['blob', 'gone'],
    ['blob', 'flipped'],
    ['blob', 'short'],
    ['manifest and blob', 'gone'],
    ['manifest and blob', 'flipped'],
  ])('%s %s: the step is done again, says why, and the store is mended', async (what, how) => {
    await run();
    const all = [...(await keysBelow('blobs/')), ...(await keysBelow('manifests/'))];
    const hit = all.filter((key) => what.includes('and') || key.startsWith(what === 'blob' ? 'blobs/' : 'manifests/'));
    expect(hit).toHaveLength(what.includes('and') ? 2 : 1);
    const right = await Promise.all(hit.map((key) => readFile(onDisk(key))));
    for (const [index, key] of hit.entries()) await damage(key, right[index]!, how);

    const again = await run({ run: 2 });
    expect(again).toMatchObject({ cache: 'miss' });
    expect(again.message).toMatch(/^made of seed 1; made again: Cannot (use|read) object "(blobs|manifests)\//);
    for (const [index, key] of hit.entries()) expect((await readFile(onDisk(key))).equals(right[index]!)).toBe(true);
    expect(await run({ run: 3 })).toMatchObject({ cache: 'hit' });
    expect(worked).toBe(2);
  });

  it('a damaged one of the right size, is mended also where no entry tells of it', async () => {
    const { made } = await run();
    for (const key of await entries()) await store.remove(key);
    const [blob = ''] = await keysBelow('blobs/');
    await damage(blob, await readFile(onDisk(blob)), 'flipped');
    await run({ run: 2 });
    expect((await readFile(onDisk(blob))).toString()).toBe(`${BLOB}1`);
    expect(await run({ run: 3 })).toMatchObject({ cache: 'hit', made });
  });

  it('of a step that gives something else each time, are those of the newer result', async () => {
    let turn = 0;
    const fickle: Toy = {
      ...toy,
      work: async (deps, input, signal) => await toy.work(deps, { ...input, seed: (turn += 1) }, signal),
    };
    const first = await run({}, fickle);
    await store.remove(first.made.key);
    const second = await run({ run: 2 }, fickle);
    expect(second.made.sha256).not.toBe(first.made.sha256);
    expect(await run({ run: 3 }, fickle)).toMatchObject({ cache: 'hit', made: second.made });
  });
});

async function damage(key: string, right: Buffer, how: string): Promise<void> {
  if (how === 'gone') return await rm(onDisk(key));
  const wrong = Buffer.from(how === 'short' ? right.subarray(0, -1) : right);
  if (how === 'flipped') wrong[wrong.length - 3]! ^= 1;
  await writeFile(onDisk(key), wrong);
}
