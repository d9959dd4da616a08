import { ActivityFailure, CancellationScope, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { withDone, type StepRecords } from './step-records.js';
import * as steps from './steps.js';

/** The decision to promote, as the run that judged the candidate made it. */
export type RolloutInput = Parameters<Activities['perennial.promote']>[0] & { readonly timeoutMs: number };

export interface RolloutResult {
  readonly summary: string;
  /** Live servers that answer with the new version. */
  readonly servers: readonly string[];
  /** What people should know although the promotion stands. */
  readonly note?: string;
  readonly steps?: StepRecords;
}

/**
 * Makes a version the champion, at once and for all requests. The ledger entry is the promotion: servers follow the
 * ledger, so a server that is late changes nothing about what was decided.
 */
export async function rollout(input: RolloutInput): Promise<RolloutResult> {
  // Once begun it is not cancelled half-way: a promotion stands, and whoever waits must learn of it.
  return await CancellationScope.nonCancellable(() => takeOver(input));
}

async function takeOver({ timeoutMs, ...input }: RolloutInput): Promise<RolloutResult> {
  const { model, version, bundle } = input;
  const promoted = await steps.promote(`Make version ${version} the champion`, input);
  setCurrentDetails(`Version \`${version}\` of ${model} is the champion; waiting until live servers answer with it.`);
  const served = await confirmed(
    steps.deploy('Wait until every live server answers with it', { model, bundle, timeoutMs }),
  );
  const summary = `Version ${version} of ${model} is live on ${served.servers.length} server(s)`;
  setCurrentDetails(summary);
  const records = withDone(withDone({}, 'promote', promoted), 'deploy', served);
  const { servers, note } = served;
  return { summary, servers, ...(note !== undefined && { note }), steps: records };
}

/** Servers that cannot even be asked are worth a note: what the ledger says is so all the same. */
async function confirmed(deployed: ReturnType<typeof steps.deploy>): ReturnType<typeof steps.deploy> {
  try {
    return await deployed;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return { servers: [], note: `Whether the servers follow is not known: ${error.cause?.message ?? error.message}.` };
  }
}
