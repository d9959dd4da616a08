import { executeChild, workflowInfo } from '@temporalio/workflow';
import type { Ref } from '../src/domain/artifact.js';
import { rolloutId, type Evidence, type RunInput, type RunResult, type RunRows } from '../src/domain/run.js';
import type { Verdict } from '../src/domain/verdict.js';
import { narrate } from './narrate.js';
import { rollout } from './rollout.js';
import * as steps from './steps.js';
import { settleRun } from './settle-run.js';

/**
 * One pass of the pipeline: what came in, whether it keeps its contract, a candidate trained on it, the judgement beside
 * the champion, and what follows from the verdict. A refusal is a result; only what could not be done is a failure.
 */
export async function trainingRun(input: RunInput): Promise<RunResult> {
  const { model, run, plan, snapshot: previous, parameters } = input;
  const spec = plan.spec;
  const story = narrate(input);
  let evidence: Evidence = { spec: spec.sha256 };
  let accepted: Ref | undefined;

  return await settleRun(
    input,
    story,
    () => ({ evidence, ...(accepted && { accepted }) }),
    async () => {
      story.at('ingest');
      const taken = await steps.ingest('Take what is new from the sources', {
        model,
        run,
        spec,
        ...(previous && { previous }),
      });
      const { snapshot } = taken;
      evidence = { ...evidence, snapshot: snapshot.sha256 };
      story.tell('data', taken.message);

      story.at('validate');
      const checked = await steps.validate(`Check ${count(taken.newRows)} new rows against the contract`, {
        model,
        run,
        spec,
        snapshot,
        ...(previous && { previous }),
      });
      evidence = { ...evidence, report: checked.report.sha256 };
      accepted = snapshot;
      story.tell('contract', checked.message);

      story.at('split');
      const parted = await steps.split('Prepare the training table and split it by time', {
        model,
        run,
        spec,
        snapshot,
      });
      evidence = { ...evidence, split: parted.split.sha256 };
      const rows: RunRows = { total: taken.rows, new: taken.newRows, ...parted.rows };
      story.tell('split', parted.message);

      story.at('train');
      const trained = await steps.train(`Train on ${count(rows.train)} rows`, {
        model,
        run,
        spec,
        split: parted.split,
        timeoutMs: plan.trainTimeoutMs,
        ...(parameters && { parameters }),
      });
      const { bundle } = trained;
      evidence = { ...evidence, bundle: bundle.sha256 };
      story.tell('training', trained.message);

      story.at('evaluate');
      const measured = await steps.evaluate(`Measure candidate and champion on the same ${count(rows.test)} rows`, {
        model,
        run,
        spec,
        split: parted.split,
        bundle,
      });
      evidence = { ...evidence, evaluation: measured.evaluation.sha256 };
      story.tell('evaluation', measured.message);

      story.at('judge');
      const verdict: Verdict = await steps.judge('Judge the candidate', {
        model,
        spec,
        evaluation: measured.evaluation,
      });
      story.verdict(verdict);

      story.at('register');
      const { workflowId, runId: executionId } = workflowInfo();
      const decision = { model, run, workflowId, executionId, bundle, reason: verdict.reason, evidence };
      const entered = await steps.register(registerSummary(verdict), { ...decision, verdict: verdict.verdict });

      const result = {
        verdict: verdict.verdict,
        ...(entered.version !== undefined && { version: entered.version }),
        champion: measured.champion,
        rows,
        rules: verdict.rules,
        metrics: measured.metrics,
        evidence,
        snapshot,
      };
      if (verdict.verdict !== 'PROMOTE' || entered.version === undefined) {
        return { summary: stays(verdict, measured.champion, entered.version), ...result };
      }

      story.at('rollout');
      const rolled = await executeChild(rollout, {
        workflowId: rolloutId(model, run),
        args: [
          { ...decision, version: entered.version, replaces: measured.champion, timeoutMs: plan.rolloutTimeoutMs },
        ],
        staticSummary: `Version ${entered.version} of ${model} takes over`,
        staticDetails: verdict.reason,
      });
      const summary = `Version ${entered.version} is now live. ${verdict.reason}${rolled.note ? ` ${rolled.note}` : ''}`;
      return { summary, ...result, champion: entered.version, servers: rolled.servers };
    },
  );
}

function registerSummary({ verdict }: Verdict): string {
  return verdict === 'REJECT' ? 'Enter the refusal in the ledger' : 'Register the candidate in the ledger';
}

function stays({ reason, verdict }: Verdict, champion: number, version: number | undefined): string {
  const candidate = verdict === 'REJECT' ? 'The candidate was refused' : `Version ${version} is kept as a candidate`;
  if (version !== undefined && version === champion) return `Version ${champion} stays live. ${reason}`;
  const live = champion === 0 ? 'no version is live yet' : `version ${champion} stays live`;
  return `${candidate} and ${live}. ${reason}`;
}

function count(rows: number): string {
  return String(rows).replace(/\B(?=(\d{3})+$)/g, ',');
}
