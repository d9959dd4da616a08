import { z } from 'zod';
import { ledgerPrefix } from '../domain/artifact.js';
import type { RecordedEntry } from '../domain/ledger.js';
import { ArtifactCorruptError, ArtifactMissingError } from '../errors.js';
import type { ArtifactStore, CallOptions } from './store.js';

const schema = z.strictObject({ generation: z.int().min(1), digest: z.string().regex(/^[0-9a-f]{64}$/) });

/** A generation that certainly was written, and the digest of its bytes. */
export type TailNote = z.output<typeof schema>;

const WRITE_TIMEOUT_MS = 2000;

/** Key of the note beside a model's entries. */
export function tailKey(model: string): string {
  return `${ledgerPrefix(model)}tail.json`;
}

/**
 * Notes which entry was written last. Entries prove those before them, but nothing would prove a newest entry that a
 * damaged disk lost: its generation would be free again. The note may lag behind; it never names what was not written.
 */
export async function noteTail(store: ArtifactStore, model: string, recorded: RecordedEntry): Promise<void> {
  const note: TailNote = { generation: recorded.entry.generation, digest: recorded.digest };
  const signal = AbortSignal.timeout(WRITE_TIMEOUT_MS);
  // The decision stands whether or not the note could be written, so a failure is not the caller's.
  await store.replace(tailKey(model), Buffer.from(JSON.stringify(note)), { signal }).catch(() => undefined);
}

/** The note, or undefined when there is none that can be used. */
export async function readTail(
  store: ArtifactStore,
  model: string,
  options: CallOptions,
): Promise<TailNote | undefined> {
  let bytes: Buffer;
  try {
    bytes = await store.read(tailKey(model), undefined, options);
  } catch (error) {
    if (error instanceof ArtifactMissingError || error instanceof ArtifactCorruptError) return undefined;
    throw error;
  }
  try {
    return schema.safeParse(JSON.parse(bytes.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
