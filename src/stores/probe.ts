import { randomUUID } from 'node:crypto';
import { StoreRefusedError } from '../errors.js';
import { sha256Hex } from './digest.js';
import type { ArtifactStore, CallOptions } from './store.js';

const RACERS = 20;

/**
 * Proves that a store keeps the promises that everything above it rests on, with some fifty small calls under a prefix
 * of its own, which is emptied again.
 *
 * @throws {StoreRefusedError} naming the promise that was broken.
 */
export async function probeStore(store: ArtifactStore, options: CallOptions = {}): Promise<void> {
  const prefix = `staging/probe/${randomUUID()}/`;
  try {
    await keepsTheFirst(store, `${prefix}first`, options);
    await hasOneWinner(store, `${prefix}race`, options);
    await givesBytesBack(store, `${prefix}bytes`, options);
    await replacesAndLists(store, prefix, options);
  } finally {
    for (const name of ['first', 'race', 'bytes', 'replaced']) {
      await store.remove(`${prefix}${name}`, options).catch(() => undefined);
    }
  }
}

/** @throws {StoreRefusedError} when `kept` is false. */
export function demand(store: ArtifactStore, kept: boolean, promise: string, found: string): void {
  if (kept) return;
  throw new StoreRefusedError(`Cannot use ${store.name} as artifact store: want ${promise}, found ${found}`, {
    fix: 'Use a store with atomic conditional writes, such as MinIO (a release since September 2025), AWS S3 or a local folder.',
    details: { store: store.name, promise, found },
  });
}

async function keepsTheFirst(store: ArtifactStore, key: string, options: CallOptions): Promise<void> {
  const promise = 'create-if-absent: a second create of a key changes nothing';
  const first = await store.create(key, Buffer.from('first'), options);
  demand(store, first === 'created', 'a free key to be created', `"${first}" for a key that was never used`);
  const second = await store.create(key, Buffer.from('second'), options);
  demand(store, second === 'exists', promise, 'that it was created twice');
  const bytes = await store.read(key, undefined, options);
  demand(store, bytes.toString() === 'first', promise, 'that the second overwrote the first');
}

async function hasOneWinner(store: ArtifactStore, key: string, options: CallOptions): Promise<void> {
  const promise = `one winner of ${RACERS} creators at the same time`;
  const racers = Array.from({ length: RACERS }, (_, racer) => Buffer.from(`racer ${racer}`));
  const outcomes = await Promise.all(racers.map((body) => store.create(key, body, options)));
  const winners = racers.filter((_, racer) => outcomes[racer] === 'created');
  demand(store, winners.length === 1, promise, `${winners.length} winners`);
  const bytes = await store.read(key, undefined, options);
  demand(store, winners[0]?.equals(bytes) === true, promise, 'the bytes of a loser');
}

async function givesBytesBack(store: ArtifactStore, key: string, options: CallOptions): Promise<void> {
  const promise = 'bytes that come back as they went in';
  const body = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
  await store.create(key, body, options);
  const found = await store.stat(key, options);
  demand(store, found?.bytes === body.length, promise, `a size of ${found?.bytes} for ${body.length} bytes`);
  await store.read(key, { key, sha256: sha256Hex(body), bytes: body.length }, options);
}

async function replacesAndLists(store: ArtifactStore, prefix: string, options: CallOptions): Promise<void> {
  const key = `${prefix}replaced`;
  await store.replace(key, Buffer.from('before'), options);
  await store.replace(key, Buffer.from('after'), options);
  const bytes = await store.read(key, undefined, options);
  demand(store, bytes.toString() === 'after', 'a replaced object to be read as written last', 'former bytes');
  const keys: string[] = [];
  for await (const object of store.list(prefix, options)) keys.push(object.key.slice(prefix.length));
  const wanted = ['bytes', 'first', 'race', 'replaced'];
  demand(store, keys.join() === wanted.join(), 'a listing of every object in key order', `[${keys.join(', ')}]`);
}
