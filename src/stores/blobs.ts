import { ArtifactCorruptError } from '../errors.js';
import { blobKey, manifestKey, type ManifestKind, type Ref, type Sha256 } from '../domain/artifact.js';
import { canonicalJson } from '../domain/canonical.js';
import { sha256Hex } from './digest.js';
import { PreparedFile } from './prepared-file.js';
import type { ArtifactStore, CallOptions, FileBody } from './store.js';
import { corrupt } from './verify.js';

export { BlobCache, type BlobFiles } from './blob-cache.js';

/** Small enough that sending it costs no more than asking first whether it is there. */
const SMALL = 256 * 1024;

/**
 * Stores bytes under their own digest. Storing what is there already changes nothing and costs one request.
 *
 * @param source bytes, or a local file; a file that comes with `sha256` and `bytes` is not hashed again.
 * @throws {ArtifactCorruptError} when the object that is there has another size, or the file changes meanwhile.
 */
export async function putBlob(
  store: ArtifactStore,
  source: Buffer | { readonly path: string } | FileBody,
  options: CallOptions = {},
): Promise<Ref> {
  if (Buffer.isBuffer(source)) {
    const ref = refOf(sha256Hex(source), source.length);
    await storeOnce(store, ref, source, options);
    return ref;
  }
  const body = 'sha256' in source ? source : await PreparedFile.read(source.path, options);
  const ref = refOf(body.sha256, body.bytes);
  await storeOnce(store, ref, body, options);
  return ref;
}

/**
 * Stores a manifest under the digest of its canonical JSON, so equal values are one object.
 *
 * @throws {TypeError} for a value that JSON cannot hold.
 */
export async function putManifest(
  store: ArtifactStore,
  kind: ManifestKind,
  value: object,
  options: CallOptions = {},
): Promise<Ref> {
  const { ref, bytes } = asManifest(kind, value);
  await storeOnce(store, ref, bytes, options);
  return ref;
}

/** The reference under which a manifest will be stored: others can name it before it is there. */
export function manifestRef(kind: ManifestKind, value: object): Ref {
  return asManifest(kind, value).ref;
}

function asManifest(kind: ManifestKind, value: object): { ref: Ref; bytes: Buffer } {
  const bytes = Buffer.from(canonicalJson(value));
  const sha256 = sha256Hex(bytes);
  return { ref: { key: manifestKey(kind, sha256), sha256, bytes: bytes.length }, bytes };
}

/** Reads a manifest and checks its digest. The type is the caller's word: what was stored under it was of that type. */
export async function readManifest<T>(store: ArtifactStore, ref: Ref, options: CallOptions = {}): Promise<T> {
  // What is stored under a manifest's digest is what a writer of that kind of manifest stored.
  return parsed(await store.read(ref.key, ref, options), store, ref.key) as T;
}

/** Reads a manifest of which only kind and digest are known, and checks the digest. */
export async function readManifestOf<T>(
  store: ArtifactStore,
  kind: ManifestKind,
  sha256: Sha256,
  options: CallOptions = {},
): Promise<T> {
  const key = manifestKey(kind, sha256);
  const bytes = await store.read(key, undefined, options);
  const found = sha256Hex(bytes);
  if (found !== sha256) throw corrupt({ store: store.name, key }, `SHA-256 ${found}`, `SHA-256 ${sha256}`);
  // As above.
  return parsed(bytes, store, key) as T;
}

function refOf(sha256: Sha256, bytes: number): Ref {
  return { key: blobKey(sha256), sha256, bytes };
}

async function storeOnce(store: ArtifactStore, ref: Ref, body: Buffer | FileBody, options: CallOptions): Promise<void> {
  if (ref.bytes > SMALL) {
    const found = await store.stat(ref.key, options);
    if (found && found.bytes !== ref.bytes) {
      throw corrupt({ store: store.name, key: ref.key }, `${found.bytes} bytes`, `${ref.bytes} bytes`);
    }
    if (found) return;
  }
  await store.create(ref.key, body, options);
}

function parsed(bytes: Buffer, store: ArtifactStore, key: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new ArtifactCorruptError(`Cannot read manifest "${key}" of ${store.name}: found bytes that are no JSON`, {
      fix: 'The program that wrote it is at fault: its digest is right. Make the manifest again.',
      details: { store: store.name, key },
      cause,
    });
  }
}
