/** A SHA-256 digest in lower-case hex: 64 characters of `[0-9a-f]`. */
export type Sha256 = string;

/**
 * A reference to an object in the artifact store: what crosses every activity boundary instead of the bytes.
 * The store checks `sha256` and `bytes` on every read.
 */
export interface Ref {
  /** The object's key, relative to the store's root. */
  readonly key: string;
  readonly sha256: Sha256;
  /** Size in bytes. */
  readonly bytes: number;
}

/** The kinds of manifest that the store keeps under `manifests/<kind>/<digest>.json`. */
export const MANIFEST_KINDS = [
  'spec',
  'snapshot',
  'changes',
  'report',
  'profile',
  'split',
  'checkpoint',
  'bundle',
  'evaluation',
  'search',
  'trials',
  'study',
] as const;
export type ManifestKind = (typeof MANIFEST_KINDS)[number];

const DIGEST = /^[0-9a-f]{64}$/;
const SEGMENT = /^[a-z0-9][a-z0-9._-]{0,199}$/;

/** True for a lower-case hex SHA-256. */
export function isSha256(value: string): boolean {
  return DIGEST.test(value);
}

/** A name that may stand in an object key, a workflow id and a URL: `^[a-z0-9][a-z0-9-]{0,62}$`. */
export function isName(value: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/.test(value);
}

/** Key of the content-addressed blob with this digest. */
export function blobKey(sha256: Sha256): string {
  return `blobs/sha256/${checkedDigest(sha256).slice(0, 2)}/${sha256}`;
}

/** Key of the manifest of this kind and digest. */
export function manifestKey(kind: ManifestKind, sha256: Sha256): string {
  return `manifests/${kind}/${checkedDigest(sha256)}.json`;
}

/** The digest that a key names, when it is that of a blob or of a manifest: then only bytes of this digest belong there. */
export function digestOfKey(key: string): Sha256 | undefined {
  return /^(?:blobs\/sha256\/[0-9a-f]{2}\/([0-9a-f]{64})|manifests\/[a-z]+\/([0-9a-f]{64})\.json)$/
    .exec(key)
    ?.slice(1)
    .find((digest) => digest !== undefined);
}

/** Key of what a step gave for this digest of everything that it depends on. */
export function cacheKey(step: string, digest: Sha256): string {
  return `cache/${checkedSegment(step)}/${checkedDigest(digest)}.json`;
}

/** Key of the word that SQL of this digest was checked for features that know the future, and has none. */
export function leakCheckKey(digest: Sha256): string {
  return `checks/leak/${checkedDigest(digest)}.json`;
}

/** Key prefix of one model's ledger. */
export function ledgerPrefix(model: string): string {
  return `ledger/${checkedSegment(model)}/`;
}

/** Key of one ledger entry; generations are padded to 12 digits so that keys sort as numbers. */
export function ledgerKey(model: string, generation: number): string {
  return `${ledgerPrefix(model)}${padded(generation)}.json`;
}

/** Key prefix of one model's run records. */
export function runPrefix(model: string): string {
  return `runs/${checkedSegment(model)}/`;
}

/** Key of the record of one run: created once, when the run has ended, and never changed. */
export function runKey(model: string, run: number): string {
  return `${runPrefix(model)}${padded(run)}.json`;
}

/** Key prefix of the announcements of the model servers that serve this model. */
export function serverPrefix(model: string): string {
  return `servers/${checkedSegment(model)}/`;
}

/** Key prefix of the profiles of what a model was asked while this bundle answered. */
export function livePrefix(model: string, bundle: Sha256): string {
  return `live/${checkedSegment(model)}/${checkedDigest(bundle)}/`;
}

function padded(count: number): string {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`Cannot make a key from ${count}: runs and generations are whole numbers from 1`);
  }
  return String(count).padStart(12, '0');
}

function checkedDigest(value: string): string {
  if (!isSha256(value)) throw new RangeError(`Cannot make a key from "${value}": a digest is 64 hex characters`);
  return value;
}

/** @throws RangeError */
export function checkedSegment(value: string): string {
  if (!SEGMENT.test(value)) {
    throw new RangeError(`Cannot make a key from "${value}": a segment matches ${SEGMENT.source}`);
  }
  return value;
}
