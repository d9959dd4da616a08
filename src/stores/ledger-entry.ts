import { z } from 'zod';
import { ledgerKey } from '../domain/artifact.js';
import { canonicalJson } from '../domain/canonical.js';
import type { LedgerEntry, RecordedEntry } from '../domain/ledger.js';
import { ArtifactCorruptError, ArtifactMissingError, LedgerBrokenError } from '../errors.js';
import { sha256Hex } from './digest.js';
import type { ArtifactStore, CallOptions } from './store.js';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const version = z.int().min(1);
const text = z.string().min(1);

const decisionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('register'), version, bundle: digest, run: text }),
  z.strictObject({ kind: z.literal('reject'), bundle: digest, run: text }),
  z.strictObject({ kind: z.literal('promote'), version, bundle: digest, replaces: z.int().min(0) }),
]);

const entrySchema = z.strictObject({
  schemaVersion: z.literal(1),
  model: text,
  generation: version,
  previous: digest.nullable(),
  decisionId: text,
  decision: decisionSchema,
  actor: text,
  reason: text,
  at: z.iso.datetime(),
  evidence: z.record(z.string(), digest),
}) satisfies z.ZodType<LedgerEntry>;

/**
 * The bytes of a ledger entry: canonical JSON, so that one entry has one digest whoever writes it.
 *
 * @throws {RangeError} for an entry that could not be read back.
 */
export function encodeEntry(entry: LedgerEntry): { bytes: Buffer; recorded: RecordedEntry } {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) throw new RangeError(`Cannot write a ledger entry: ${problems(parsed.error)}`);
  const bytes = Buffer.from(canonicalJson(parsed.data));
  return { bytes, recorded: { entry: parsed.data, digest: sha256Hex(bytes) } };
}

/**
 * Reads the bytes of a ledger entry. Bytes that are not what `encodeEntry` writes for the same entry are refused, so
 * nothing can hide in white space, in the order of the keys or in keys that nobody knows.
 *
 * @throws {RangeError} saying what is wrong with the bytes.
 */
function decodeEntry(bytes: Buffer): RecordedEntry {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new RangeError('it is not JSON');
  }
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) throw new RangeError(`it is not a ledger entry: ${problems(parsed.error)}`);
  if (!bytes.equals(Buffer.from(canonicalJson(parsed.data)))) throw new RangeError('it is not canonical JSON');
  return { entry: parsed.data, digest: sha256Hex(bytes) };
}

/**
 * Fetches one entry, or undefined when there is none.
 *
 * @throws {LedgerBrokenError} when there is one that cannot be believed
 */
export async function fetchEntry(
  store: ArtifactStore,
  model: string,
  generation: number,
  options: CallOptions,
): Promise<RecordedEntry | undefined> {
  try {
    return decodeEntry(await store.read(ledgerKey(model, generation), undefined, options));
  } catch (error) {
    if (error instanceof ArtifactMissingError) return undefined;
    if (error instanceof ArtifactCorruptError || error instanceof RangeError) {
      throw brokenEntry(model, generation, error.message, error);
    }
    throw error;
  }
}

/** The error for an entry that cannot be believed. `why` is a sentence. */
export function brokenEntry(model: string, generation: number, why: string, cause?: unknown): LedgerBrokenError {
  return new LedgerBrokenError(`Cannot believe entry ${generation} of the ledger of "${model}": ${why}`, {
    fix: `Restore ${ledgerKey(model, generation)} from a backup of the store; verifying the ledger lists all damage.`,
    details: { model, generation, key: ledgerKey(model, generation) },
    cause,
  });
}

function problems(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`).join('; ');
}
