import type { Ref } from '../src/domain/artifact.js';
import type { Evidence } from '../src/domain/run.js';
import type { VerdictKind } from '../src/domain/verdict.js';
import type { ActivityDeps } from './deps.js';

/** What every ledger entry of a run rests on. */
export interface RunDecision {
  readonly model: string;
  readonly run: number;
  readonly workflowId: string;
  /** Temporal's id of this execution of the workflow: tells it from an earlier one under the same workflow id. */
  readonly executionId: string;
  readonly bundle: Ref;
  readonly reason: string;
  readonly evidence: Evidence;
}

/**
 * Enters a judged candidate in the ledger: registered under the next version, or rejected. A bundle that has a version
 * already, because nothing had changed since, keeps it: equal bytes are one version.
 */
export async function register(
  deps: ActivityDeps,
  input: RunDecision & { readonly verdict: VerdictKind },
): Promise<{ generation: number; version?: number }> {
  const { model, bundle, workflowId } = input;
  const kind = input.verdict === 'REJECT' ? ('reject' as const) : ('register' as const);
  const log = deps.ledger(model);
  if (kind === 'register') {
    const { state } = await log.read();
    const known = state.versions.find((version) => version.bundle === bundle.sha256 && version.state !== 'rejected');
    if (known) return { generation: state.generation, version: known.version };
  }
  const { entry } = await log.append({
    ...decisionFacts(input, kind),
    decision: { kind, bundle: bundle.sha256, run: workflowId },
  });
  const { decision, generation } = entry;
  return decision.kind === 'register' ? { generation, version: decision.version } : { generation };
}

/** Names the decision after the run's execution, so that it is entered once however often an attempt repeats it. */
export function decisionFacts(decision: RunDecision, kind: 'register' | 'reject' | 'promote') {
  const { workflowId, executionId, reason, evidence } = decision;
  return {
    decisionId: `${workflowId}/${executionId}/${kind}`,
    actor: workflowId,
    reason,
    evidence: { ...evidence },
    now: new Date(),
  };
}
