import { z } from 'zod';
import { cacheKey } from '../domain/artifact.js';
import { canonicalJson } from '../domain/canonical.js';
import { sha256Hex } from './digest.js';
import { findDamage } from './find-damage.js';
import { readMemo } from './read-memo.js';
import type { ArtifactStore, CallOptions } from './store.js';

/** All that the result of a step depends on, as plain JSON: two runs of equal material give equal results. */
export interface StepMaterial {
  /** The step's name, a segment of a key: `train`. */
  readonly step: string;
  /** Digest of the programs that do the step. */
  readonly code: string;
  /** Digests of what the step reads. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What the step is told beside. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The run that did the step. */
export interface StepOrigin {
  readonly model: string;
  readonly run: number;
  /** When the step had ended, ISO 8601 in UTC. */
  readonly at: string;
}

/** What was found of a step; `found` only when every object of the result is there and right. */
export type FoundStep<Output> =
  | { readonly kind: 'found'; readonly output: Output; readonly origin: StepOrigin }
  | { readonly kind: 'none' }
  /** There was a result, and a part of it is lost or damaged. */
  | { readonly kind: 'damaged'; readonly why: string };

/** Bound to the shape of what is stored: another one is a miss, never an error. */
const SCHEMA_VERSION = 1;

const json = z.record(z.string(), z.unknown());
const entrySchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  material: z.strictObject({ step: z.string(), code: z.string(), inputs: json, parameters: json }),
  output: json,
  origin: z.strictObject({ model: z.string(), run: z.int(), at: z.iso.datetime() }),
});

/**
 * Looks for the result of a step in `cache/<step>/<digest of the material>.json`. An entry is believed only when it is
 * made of this very material, and its result only when every object that it refers to was read and hashed now.
 *
 * @throws {StoreUnavailableError} when the store is away; an entry that is lost, damaged or foreign is none
 */
export async function findStep<Output>(
  store: ArtifactStore,
  material: StepMaterial,
  options: CallOptions = {},
): Promise<FoundStep<Output>> {
  const entry = await readEntry(store, material, options);
  if (!entry) return { kind: 'none' };
  const why = await findDamage(store, entry.output, options);
  if (why !== undefined) return { kind: 'damaged', why };
  // Written by the code of the same digest, for the same step.
  return { kind: 'found', output: entry.output as Output, origin: entry.origin };
}

/**
 * Notes the result of a step that was done. To be called when everything that it refers to is stored. An entry that is
 * there is replaced: either is true, and the newer one is the one that was just made.
 */
export async function keepStep(
  store: ArtifactStore,
  material: StepMaterial,
  output: object,
  origin: StepOrigin,
  options: CallOptions = {},
): Promise<void> {
  const entry = { schemaVersion: SCHEMA_VERSION, material, output, origin };
  await store.replace(keyOf(material), Buffer.from(canonicalJson(entry)), options);
}

function keyOf(material: StepMaterial): string {
  return cacheKey(material.step, sha256Hex(canonicalJson(material)));
}

async function readEntry(store: ArtifactStore, material: StepMaterial, options: CallOptions) {
  const entry = entrySchema.safeParse(await readMemo(store, keyOf(material), options)).data;
  return entry && canonicalJson(entry.material) === canonicalJson(material) ? entry : undefined;
}
