import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { hyperparameterSearch } from '../workflows/hyperparameter-search.js';
import { searchStatus } from '../workflows/messages.js';
import type { Sha256 } from './domain/artifact.js';
import type { SearchState, Trial } from './domain/search.js';
import type { ArtifactStore } from './stores/store.js';
import { readTrialNotes } from './stores/trial-notes.js';

/** A search that has no study, as far as its workflow knows it. */
export interface FoundSearch {
  readonly state: SearchState;
  /** Trials that chunks under way have finished; some of them may be in the state's chunks, too. */
  readonly noted: readonly Trial[];
  readonly isUnderWay: boolean;
}

/** How long it takes, and a little more, until a chunk has noted what it has said to have finished. */
const SETTLED_MS = 2000;
const LOOK_EVERY_MS = 100;

/**
 * A search by its workflow, and by the notes of the chunks that have not ended; of one that ended well the digest of its study.
 * @throws {WorkflowNotFoundError} when there is none
 */
export async function searchByWorkflow(
  temporal: Client,
  store: ArtifactStore,
  workflowId: string,
): Promise<FoundSearch | Sha256> {
  const handle = temporal.workflow.getHandle<typeof hyperparameterSearch>(workflowId);
  const deadline = Date.now() + SETTLED_MS;
  for (;;) {
    const description = await handle.describe();
    const { runId, status } = description;
    if (status.name === 'COMPLETED') return (await handle.result()).study.sha256;
    const chunks = await Promise.all(
      chunksOf(description).map(async ({ activityId, told }) => {
        const { trials } = await readTrialNotes(store, { workflowId, runId, activityId });
        return { trials, isWhole: trials.length >= told };
      }),
    );
    // A chunk that is just ending has removed its notes, and the workflow does not know its trials yet.
    if (chunks.every(({ isWhole }) => isWhole) || Date.now() > deadline) {
      const noted = chunks.flatMap(({ trials }) => trials);
      // Asked last: a chunk that has ended since is in it.
      return { state: await handle.query(searchStatus), noted, isUnderWay: status.name === 'RUNNING' };
    }
    await delay(LOOK_EVERY_MS);
  }
}

/** The chunks that have not ended, and how many trials each has said to have finished. */
function chunksOf({ raw }: WorkflowExecutionDescription): { readonly activityId: string; readonly told: number }[] {
  const pending = raw.pendingActivities ?? [];
  return pending
    .filter(({ activityType }) => activityType?.name === 'perennial.runTrials')
    .map((chunk) => ({ activityId: chunk.activityId ?? '', told: toldTrials(chunk) }));
}

type PendingStep = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** Heartbeats that a codec has encrypted say nothing here. */
function toldTrials({ heartbeatDetails }: PendingStep): number {
  try {
    const [payload] = heartbeatDetails?.payloads ?? [];
    const said = payload && defaultPayloadConverter.fromPayload<{ progress?: { trials?: unknown } }>(payload);
    return typeof said?.progress?.trials === 'number' ? said.progress.trials : 0;
  } catch {
    return 0;
  }
}
