import { moneyText } from '../domain/cost.js';
import type { Estimate, MetricName } from '../domain/evaluation.js';
import { metricText } from '../domain/metric-facts.js';
import { STAGES, type RunRecord, type RunResult } from '../domain/run.js';
import type { CommandContext } from './command.js';
import { stepsText, trainingText } from './steps-text.js';
import { table } from './table.js';

type Screen = Pick<CommandContext, 'isTty' | 'width' | 'colours'>;

/** A run as people read it: what came out, why, and what it was made of. */
export function runText(screen: Screen, record: RunRecord): string {
  const { run, model, outcome, summary, trigger, failure, result } = record;
  const lines = [
    `${outcomeText(screen, outcome)}  ${summary}`,
    '',
    `  run        ${run} of ${model} (${record.workflowId})`,
    `  asked for  ${trigger.kind}, by ${trigger.by}: ${trigger.reason}`,
    `  time       ${record.startedAt} to ${record.finishedAt}`,
  ];
  if (record.asOf !== undefined) lines.push(`  as of      ${record.asOf}: rows from then on are left out`);
  if (record.promote === false) lines.push('  promotion  none: asked for without');
  if (record.parameters) lines.push(`  parameters ${JSON.stringify(record.parameters)}`);
  if (record.training) lines.push(...trainingText(record.training));
  if (record.cost) lines.push(`  cost       ${moneyText(record.cost.total)} ${record.cost.currency}`);
  if (record.cache) lines.push(`  step cache ${cacheText(record.cache)}`);
  if (result) lines.push(...resultLines(screen, result));
  if (failure) {
    lines.push('', `  failed at  ${failure.stage}`, `  ${failure.code}: ${failure.message}`);
    if (failure.fix !== undefined) lines.push(`  fix: ${failure.fix}`);
  }
  lines.push(...stepsText(screen, record));
  const evidence = Object.entries(record.evidence).map(([name, digest]) => `${name} ${String(digest).slice(0, 12)}`);
  lines.push('', `  evidence   ${evidence.join(', ')}`);
  return lines.join('\n');
}

/** `split hit, train miss`, in the order of the stages. */
function cacheText(cache: NonNullable<RunRecord['cache']>): string {
  return STAGES.flatMap((stage) => (cache[stage] === undefined ? [] : [`${stage} ${cache[stage]}`])).join(', ');
}

/** The verdict in its colour. */
export function outcomeText({ colours }: Screen, outcome: RunRecord['outcome']): string {
  switch (outcome) {
    case 'PROMOTE':
      return colours.green(outcome);
    case 'HOLD':
      return colours.yellow(outcome);
    case 'REJECT':
    case 'FAILED':
      return colours.red(outcome);
  }
}

function resultLines(screen: Screen, result: RunResult): string[] {
  const { rows, champion, version, rules, metrics, warnings = [] } = result;
  const split = `train ${rows.train}, validation ${rows.validation}, test ${rows.test}`;
  // Not all that was read is new: a changed contract has files read again, and rows that were set aside are read too.
  const read = `${rows.new} read by this run`;
  const rulesTable = table(screen, {
    head: ['RULE', 'OUTCOME', 'REASON'],
    rows: rules.map((rule) => [rule.rule, rule.outcome, rule.reason]),
    mayCut: ['REASON'],
  });
  return [
    `  version    ${version ?? 'not registered'}; the champion is ${champion === 0 ? 'none yet' : champion}`,
    `  rows       ${rows.total} (${split}); ${read}`,
    ...warnings.map((warning) => `  ${screen.colours.yellow('warning')}    ${warning}`),
    '',
    rulesTable,
    '',
    metricsTable(screen, metrics),
  ];
}

function metricsTable(screen: Screen, { candidate, champion, difference }: RunResult['metrics']): string {
  const names = Object.keys(candidate) as MetricName[];
  return table(screen, {
    head: ['METRIC', 'CANDIDATE', 'CHAMPION', 'DIFFERENCE'],
    rows: names.map((name) => [
      name,
      ...[candidate, champion, difference].map((metrics) => interval(name, metrics?.[name])),
    ]),
  });
}

function interval(name: MetricName, estimate: Estimate | undefined): string {
  if (!estimate) return '-';
  const text = (value: number) => metricText(name, value);
  return `${text(estimate.value)} (${text(estimate.low)} to ${text(estimate.high)})`;
}
