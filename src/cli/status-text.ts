import type { LedgerState } from '../domain/ledger.js';
import type { LoopState, RunOutcome } from '../domain/loop.js';
import { ago } from './ago.js';
import type { CommandContext } from './command.js';
import type { FoundStatus } from './status-of.js';
import { table } from './table.js';

type Screen = Pick<CommandContext, 'isTty' | 'width' | 'colours'>;

/** A status as JSON: times in ISO 8601, digests in full. */
export function statusDocument({
  model,
  loop,
  ledger,
  unanswered = false,
  waiting,
}: FoundStatus): Record<string, unknown> {
  const { champion, generation, versions } = ledger;
  return {
    model,
    champion: champion ?? null,
    ledger: { generation, versions },
    loop: loop === undefined ? null : loopDocument(loop),
    unanswered,
    waiting: waiting ?? null,
  };
}

/** One model as people read it. */
export function statusText(screen: Screen, status: FoundStatus): string {
  const { model, loop, ledger } = status;
  const lines = [
    `${screen.colours.bold(model)}${loop === undefined ? '' : `: ${loop.plan.objective}`}`,
    `  champion   ${championText(ledger)}`,
    `  loop       ${stateText(status)}`,
    `  last run   ${runText(loop?.recent.at(-1))}`,
    `  ledger     ${counted(ledger.generation, 'decision')}, ${counted(ledger.versions.length, 'version')}`,
  ];
  if (status.waiting)
    lines.push(`  now        ${loop?.current ? `run ${loop.current.run}` : 'it'} ${status.waiting.text}`);
  if (loop?.queued) lines.push(`  queued     run ${loop.queued.run}`);
  return lines.join('\n');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** All models, one a line. */
export function statusTable(screen: Screen, all: readonly FoundStatus[]): string {
  return table(screen, {
    head: ['MODEL', 'CHAMPION', 'SINCE', 'LOOP', 'LAST RUN'],
    rows: all.map(rowOf),
    mayCut: ['LAST RUN'],
  });
}

function rowOf(status: FoundStatus): string[] {
  const { champion } = status.ledger;
  return [
    status.model,
    champion ? `v${champion.version}` : '-',
    champion ? ago(champion.since) : '-',
    stateText(status),
    runText(status.loop?.recent.at(-1)),
  ];
}

function loopDocument(loop: LoopState): Record<string, unknown> {
  return {
    state: stateText({ loop }),
    paused: loop.paused,
    current: loop.current?.run ?? null,
    queued: loop.queued?.run ?? null,
    nextRun: loop.nextRun,
    objective: loop.plan.objective,
    spec: loop.plan.spec.sha256,
    recent: loop.recent,
  };
}

function championText({ champion }: LedgerState): string {
  if (!champion) return 'none yet';
  return `version ${champion.version} since ${champion.since} (bundle ${champion.bundle.slice(0, 12)})`;
}

function stateText({ loop, unanswered, waiting }: Pick<FoundStatus, 'loop' | 'unanswered' | 'waiting'>): string {
  if (!loop) return unanswered ? 'no worker answers' : 'not running';
  const doing = loop.current ? `run ${loop.current.run} ${wayText(waiting)}` : 'waiting';
  return loop.paused ? `${doing}, paused` : doing;
}

function wayText(waiting: FoundStatus['waiting']): string {
  return waiting
    ? `waits for ${waiting.waitsFor === 'worker' ? 'a worker' : 'room'}: class ${waiting.class}`
    : 'under way';
}

function runText(outcome: RunOutcome | undefined): string {
  return outcome === undefined ? '-' : `${outcome.run}: ${outcome.outcome}, ${outcome.summary}`;
}
