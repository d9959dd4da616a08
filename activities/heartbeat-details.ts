import type { Info } from '@temporalio/activity';
import { z } from 'zod';
import type { Ref } from '../src/domain/artifact.js';
import type { AttemptRecord } from '../src/domain/attempt.js';

/** A checkpoint that is stored. */
export interface KeptCheckpoint {
  readonly checkpoint: Ref;
  readonly step: number;
  /** The metric points until then. */
  readonly points?: Ref;
}

/** What every heartbeat of an activity carries. People see it in the Temporal UI, the attempt after this one goes on from it. */
export interface HeartbeatDetails {
  readonly progress?: unknown;
  /** Of a training, newest first. */
  readonly checkpoints?: readonly KeptCheckpoint[];
  /** The attempt that sends it, so far. */
  readonly current?: Omit<AttemptRecord, 'end'>;
  /** Attempts that have ended, oldest first, the newest twenty. */
  readonly attempts: readonly AttemptRecord[];
}

/** They travel with every heartbeat. */
const MOST_ATTEMPTS = 20;

/** As much as is relied on here. What an older worker has written is taken for nothing. */
const refSchema = z.object({ key: z.string(), sha256: z.string(), bytes: z.number() });
const currentSchema = z.looseObject({
  attempt: z.int(),
  worker: z.string(),
  startedAt: z.string(),
  usage: z.looseObject({ wallMs: z.number() }),
});
const detailsSchema = z.looseObject({
  checkpoints: z
    .array(z.looseObject({ checkpoint: refSchema, step: z.number(), points: refSchema.optional() }))
    .optional(),
  current: currentSchema.optional(),
  attempts: z.array(currentSchema.extend({ end: z.string() })),
});

/** What the attempt before has told last. */
export function readDetails({ heartbeatDetails }: Info): HeartbeatDetails {
  const { data } = detailsSchema.safeParse(heartbeatDetails);
  // Written by this class; members that are not relied on are shown as they are.
  return data ? (data as unknown as HeartbeatDetails) : { attempts: [] };
}

/** The attempts before, all of them ended: one that did not close itself was lost. */
export function closedAttempts({ attempts, current }: HeartbeatDetails): readonly AttemptRecord[] {
  if (!current) return attempts;
  return newest([...attempts, { ...current, end: 'lost' as const, reason: LOST }]);
}

const LOST = 'its worker was gone, or nothing was heard of it';

/** As many as are kept. */
export function newest(attempts: readonly AttemptRecord[]): readonly AttemptRecord[] {
  return attempts.slice(-MOST_ATTEMPTS);
}
