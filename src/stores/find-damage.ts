import { isSha256, type Ref } from '../domain/artifact.js';
import { StoreUnavailableError } from '../errors.js';
import { readManifest, readManifestOf } from './blobs.js';
import { mayBeDamage } from './mending-store.js';
import type { ArtifactStore, CallOptions } from './store.js';

/**
 * Reads every object that a value refers to, and what manifests among them refer to in turn, from the store itself, and
 * hashes it: local copies prove nothing about the store. All at the same time, each once.
 *
 * @param value plain JSON with a `Ref` anywhere in it
 * @returns undefined when all is there and right, else what is not, in words
 * @throws {StoreUnavailableError} when the store is away; what cannot be read while the store answers counts as damaged
 */
export async function findDamage(
  store: ArtifactStore,
  value: unknown,
  options: CallOptions = {},
): Promise<string | undefined> {
  const seen = new Set<string>();
  const follow = async (from: unknown): Promise<void> => {
    const fresh = refsIn(from).filter(({ key }) => !seen.has(key) && seen.add(key));
    await Promise.all(
      fresh.map(async (ref) => {
        if (!ref.key.startsWith('manifests/')) return await store.check(ref, options);
        const manifest = await readManifest<unknown>(store, ref, options);
        await Promise.all([follow(manifest), checkSpec(store, manifest, options)]);
      }),
    );
  };
  try {
    await follow(value);
    return undefined;
  } catch (error) {
    return (await rethrowUnlessDamage(store, error, options)).message;
  }
}

/**
 * Gives an error back that says of one object that it is lost or damaged, and throws any other. A damaged disk makes a
 * server answer as if it were busy; a call that it does answer tells that from a store that is away.
 */
export async function rethrowUnlessDamage(store: ArtifactStore, error: unknown, options: CallOptions): Promise<Error> {
  options.signal?.throwIfAborted();
  if (!(error instanceof Error && mayBeDamage(error))) throw error;
  if (error instanceof StoreUnavailableError) await store.stat('cache/none', options);
  return error;
}

/** What is of use only when it is there and whole: undefined when it is lost or damaged. */
export async function unlessDamaged<T>(
  store: ArtifactStore,
  reading: Promise<T>,
  options: CallOptions = {},
): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    await rethrowUnlessDamage(store, error, options);
    return undefined;
  }
}

/** A bundle names its spec by digest alone; it may be that of an earlier run, which nobody else has looked at. */
async function checkSpec(store: ArtifactStore, manifest: unknown, options: CallOptions): Promise<void> {
  if (!isRecord(manifest) || manifest['kind'] !== 'bundle') return;
  const { spec } = manifest;
  if (typeof spec === 'string' && isSha256(spec)) await readManifestOf(store, 'spec', spec, options);
}

function refsIn(value: unknown): Ref[] {
  if (!isRecord(value)) return [];
  const { key, sha256, bytes } = value;
  if (typeof key === 'string' && typeof sha256 === 'string' && typeof bytes === 'number')
    return [{ key, sha256, bytes }];
  return Object.values(value).flatMap(refsIn);
}

/** Arrays too. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
