import { executeChild, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Ref } from '../src/domain/artifact.js';
import {
  rolloutId,
  type CacheUse,
  type Evidence,
  type RunInput,
  type RunResult,
  type RunRows,
  type Stage,
} from '../src/domain/run.js';
import { searchId, type SearchPlan, type SearchResult } from '../src/domain/search.js';
import type { Verdict } from '../src/domain/verdict.js';
import * as messages from './messages.js';
import { hyperparameterSearch } from './hyperparameter-search.js';
import { narrate } from './narrate.js';
import { onClass } from './on-class.js';
import { rollout } from './rollout.js';
import { withDone, withRecord, type StepRecords } from './step-records.js';
import * as steps from './steps.js';
import { settleRun } from './settle-run.js';

/**
 * One pass of the pipeline: what came in, whether it keeps its contract, a candidate trained on it, the judgement beside
 * the champion, and what follows from the verdict. A refusal is a result; only what could not be done is a failure.
 */
export async function trainingRun(input: RunInput): Promise<RunResult> {
  const { model, run, plan, snapshot: previous, parameters, asOf, promote = true } = input;
  const spec = plan.spec;
  const story = narrate(input);
  const here = { model, run, spec };
  const cacheWish = input.cache === undefined ? {} : { cache: input.cache };
  let evidence: Evidence = { spec: spec.sha256 };
  let accepted: Ref | undefined;
  let cache: Readonly<Record<string, CacheUse>> = {};
  let records: StepRecords = {};
  /** Begins a stage, waits for its step and keeps who did it. */
  const done = async <T extends Parameters<typeof withDone>[2]>(stage: Stage, step: () => Promise<T>): Promise<T> => {
    story.at(stage);
    const given = await step();
    records = withDone(records, stage, given);
    return given;
  };
  /** Tells what a step did that may have taken the result of an earlier run, and keeps whether it has. */
  const tellCached = (step: string, topic: string, done: { readonly message: string; readonly cache: CacheUse }) => {
    cache = { ...cache, [step]: done.cache };
    story.tell(topic, `${done.message} (step cache: ${done.cache})`);
  };

  setHandler(messages.searchLost, (lost) => void (records = withRecord(records, 'search', lost)), {
    description: 'What a search has done that gives no result',
  });
  return await settleRun(
    input,
    story,
    () => ({ evidence, cache, steps: records, ...(accepted && { accepted }) }),
    async () => {
      const since = previous && { previous };
      const taken = await done('ingest', () =>
        steps.ingest('Take what is new from the sources', { ...here, ...since }),
      );
      evidence = { ...evidence, snapshot: taken.snapshot.sha256, changes: taken.changes.sha256 };
      story.tell('data', taken.message);

      const checked = await done('validate', () =>
        steps.validate(`Check ${count(taken.newRows)} new rows against the contract`, {
          ...here,
          snapshot: taken.snapshot,
          ...since,
        }),
      );
      // From here on what the check has left: rows that were set aside are not in it.
      const { snapshot, warnings = [] } = checked;
      evidence = { ...evidence, snapshot: snapshot.sha256, report: checked.report.sha256 };
      accepted = snapshot;
      story.tell('contract', checked.message);
      for (const warning of warnings.slice(0, TOLD_WARNINGS)) story.tell('warning', warning);

      const until = asOf === undefined ? {} : { asOf };
      const parted = await done('split', () =>
        steps.split(splitSummary(asOf), { ...here, snapshot, ...until, ...cacheWish }),
      );
      const { split } = parted;
      evidence = { ...evidence, split: split.sha256 };
      const rows: RunRows = { total: checked.rows, new: taken.newRows, ...parted.rows };
      tellCached('split', 'split', parted);

      const chosen = plan.search && (await search(plan.search, split));
      if (chosen) evidence = { ...evidence, study: chosen.study.sha256 };

      const trained = await done('train', () =>
        onClass(plan.resources, story.waits, () =>
          steps.train(
            `Train on ${count(rows.train)} rows`,
            {
              ...here,
              split,
              timeoutMs: plan.trainTimeoutMs,
              ...((chosen ?? parameters) && { parameters: { ...chosen?.parameters, ...parameters } }),
              ...cacheWish,
            },
            plan.resources,
          ),
        ),
      );
      const { bundle } = trained;
      evidence = { ...evidence, bundle: bundle.sha256 };
      tellCached('train', 'training', trained);

      const measured = await done('evaluate', () =>
        steps.evaluate(`Measure candidate and champion on the same ${count(rows.test)} rows`, {
          ...here,
          split,
          bundle,
          ...cacheWish,
        }),
      );
      const { evaluation } = measured;
      evidence = { ...evidence, evaluation: evaluation.sha256 };
      tellCached('evaluate', 'evaluation', measured);

      const verdict = await done('judge', () => steps.judge('Judge the candidate', { model, spec, evaluation }));
      story.verdict(verdict);

      const { workflowId, runId: executionId } = workflowInfo();
      const decision = { model, run, workflowId, executionId, bundle, reason: verdict.reason, evidence };
      const entered = await done('register', () =>
        steps.register(registerSummary(verdict), { ...decision, verdict: verdict.verdict }),
      );

      const result = {
        verdict: verdict.verdict,
        ...(entered.version !== undefined && { version: entered.version }),
        champion: measured.champion,
        rows,
        rules: verdict.rules,
        metrics: measured.metrics,
        evidence,
        snapshot,
        ...(warnings.length > 0 && { warnings }),
      };
      if (verdict.verdict !== 'PROMOTE' || entered.version === undefined || !promote) {
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
      for (const [step, record] of Object.entries(rolled.steps ?? {})) records = withRecord(records, step, record);
      const summary = `Version ${entered.version} is now live. ${verdict.reason}${rolled.note ? ` ${rolled.note}` : ''}`;
      return { summary, ...result, champion: entered.version, servers: rolled.servers };
    },
  );

  /** Hyperparameters by a search of its own: what the run gives itself is not searched. */
  async function search(wanted: SearchPlan, split: Ref): Promise<SearchResult> {
    story.at('search');
    const found = await onClass(plan.resources, story.waits, () =>
      executeChild(hyperparameterSearch, {
        workflowId: searchId(model, run),
        args: [
          {
            ...here,
            plan: wanted,
            split,
            timeoutMs: plan.trainTimeoutMs,
            ...(plan.resources && { resources: plan.resources }),
            ...(parameters && { parameters }),
            ...cacheWish,
          },
        ],
        staticSummary: `Search hyperparameters of ${model}: ${wanted.sampler}, up to ${wanted.trials} trials`,
      }),
    );
    records = withRecord(records, 'search', found.record);
    tellCached('search', 'search', { message: found.summary, cache: found.cache });
    return found;
  }
}

/** The story has to stay short; the result has all of them. */
const TOLD_WARNINGS = 3;

function registerSummary({ verdict }: Verdict): string {
  return verdict === 'REJECT' ? 'Enter the refusal in the ledger' : 'Register the candidate in the ledger';
}

/** Why the champion stays: the verdict, or, of a candidate that won, that nobody wanted it promoted. */
function stays({ reason, verdict }: Verdict, champion: number, version: number | undefined): string {
  if (version !== undefined && version === champion) return `Version ${champion} stays live. ${reason}`;
  const live = champion === 0 ? 'no version is live yet' : `version ${champion} stays live`;
  if (verdict === 'PROMOTE') return `Version ${version} would have been promoted; as asked, ${live}. ${reason}`;
  const candidate = verdict === 'REJECT' ? 'The candidate was refused' : `Version ${version} is kept as a candidate`;
  return `${candidate} and ${live}. ${reason}`;
}

function splitSummary(asOf: string | undefined): string {
  const until = asOf === undefined ? '' : `, as of ${asOf.slice(0, 16)}`;
  return `Prepare the training table and split it${until}`;
}

function count(rows: number): string {
  return String(rows).replace(/\B(?=(\d{3})+$)/g, ',');
}
