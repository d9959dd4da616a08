import { z } from 'zod';
import { canonicalJson } from '../domain/canonical.js';
import type { Trial } from '../domain/search.js';
import { sha256Hex } from './digest.js';
import { readMemo } from './read-memo.js';
import type { ArtifactStore, CallOptions } from './store.js';

/** The activity that runs a chunk of trials, whichever attempt of it. */
export interface ChunkActivity {
  readonly workflowId: string;
  readonly runId: string;
  readonly activityId: string;
}

const SCHEMA_VERSION = 1;

/** As much as is relied on here; the trials are those of `Trial`, as the activity has noted them. */
const notesSchema = z.looseObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  trials: z.array(
    z.looseObject({
      number: z.int(),
      state: z.enum(['complete', 'pruned', 'failed']),
      seconds: z.number(),
      parameters: z.record(z.string(), z.unknown()),
    }),
  ),
});

/** Where the notes of a chunk stand, each under a name of its own. */
export function trialNotesPrefix({ workflowId, runId, activityId }: ChunkActivity): string {
  return `progress/trials/${sha256Hex(canonicalJson({ workflowId, runId, activityId }))}/`;
}

/** The bytes of a note. */
export function trialNote(trials: readonly Trial[]): Buffer {
  return Buffer.from(canonicalJson({ schemaVersion: SCHEMA_VERSION, trials }));
}

/**
 * The trials that a chunk has finished, by number, from the notes that it keeps while it is under way, and their keys. A chunk
 * that has ended has none: its trials are an object of their own then.
 */
export async function readTrialNotes(
  store: ArtifactStore,
  chunk: ChunkActivity,
  options: CallOptions = {},
): Promise<{ readonly trials: readonly Trial[]; readonly keys: readonly string[] }> {
  const keys: string[] = [];
  for await (const { key } of store.list(trialNotesPrefix(chunk), options)) keys.push(key);
  const notes = await Promise.all(keys.map((key) => readMemo(store, key, options)));
  const found = notes.flatMap((note) => (notesSchema.safeParse(note).data?.trials ?? []) as unknown as Trial[]);
  const trials = [...new Map(found.map((trial) => [trial.number, trial])).values()];
  return { trials: trials.toSorted((a, b) => a.number - b.number), keys };
}
