import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { RunFailure, RunInput, RunResult, Stage } from '../src/domain/run.js';
import type { Verdict } from '../src/domain/verdict.js';
import { stageKey, verdictKey } from './search-attributes.js';
import { markdownTable } from './markdown-table.js';

/** What a run tells whoever looks at it while it works: its stage, and a short table of what happened so far. */
export interface RunStory {
  /** The stage that the run is in. */
  stage(): Stage;
  at(stage: Stage): void;
  tell(topic: string, sentence: string): void;
  /** What the run waits for, as long as it does. */
  waits(sentence: string | undefined): void;
  verdict(verdict: Verdict): void;
  done(result: RunResult): void;
  failed(failure: RunFailure): void;
}

/**
 * Starts the story of a run; it lives in the current details and the search attributes of the workflow. An attribute is
 * written only where a run may stay for long and at its end: each writing costs a tenth of a step.
 */
export function narrate({ model, run, trigger, plan, asOf, promote }: RunInput): RunStory {
  let current: Stage = 'ingest';
  const rows: (readonly [topic: string, sentence: string])[] = [
    ['model', `${model}, run ${run}`],
    ['objective', plan.objective],
    ['trigger', `${trigger.kind} by ${trigger.by}: ${trigger.reason}`],
    ...(asOf === undefined ? [] : ([['as of', `${asOf}: rows from then on are left out`]] as const)),
    ...(promote === false ? ([['promotion', 'none: the champion stays, whatever the verdict']] as const) : []),
  ];
  let waiting: string | undefined;
  const show = () => setCurrentDetails(table(waiting === undefined ? rows : [...rows, ['now', waiting]]));
  const tell = (topic: string, sentence: string) => {
    rows.push([topic, sentence]);
    show();
  };
  show();
  return {
    stage: () => current,
    at(stage) {
      current = stage;
      if (stage === 'search' || stage === 'train') upsertSearchAttributes([{ key: stageKey, value: stage }]);
    },
    tell,
    waits(sentence) {
      waiting = sentence;
      show();
    },
    verdict(verdict) {
      tell('verdict', `**${verdict.verdict}**: ${verdict.reason}`);
    },
    done(result) {
      current = 'done';
      upsertSearchAttributes([
        { key: stageKey, value: 'done' },
        { key: verdictKey, value: result.verdict },
      ]);
      tell('result', result.summary);
    },
    failed(failure) {
      upsertSearchAttributes([
        { key: stageKey, value: failure.stage },
        { key: verdictKey, value: 'FAILED' },
      ]);
      tell('failed', `at ${failure.stage}: ${failure.message}${failure.fix ? ` ${failure.fix}` : ''}`);
    },
  };
}

/** A Markdown table under 4 KB; pipes and line ends in cells would break it. */
function table(rows: readonly (readonly [string, string])[]): string {
  const cells = rows.map(([topic, sentence]) => [topic, cell(sentence)]);
  return markdownTable(['', ''], cells);
}

/** The UI's Markdown rewrites fractions, quotes and dashes around numbers, so numbers stand in backticks. */
function cell(text: string): string {
  const flat = text.replace(/\s+/g, ' ').replace(/\|/g, '/').replace(/[`$]/g, "'");
  return flat.slice(0, 400).replace(/(?<![\w.'-])-?\d+(?:[.,:-]\d+)*(?![\w'])/g, '`$&`');
}
