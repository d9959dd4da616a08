import type { LedgerEntry } from '../domain/ledger.js';
import { finding } from './finding.js';
import { dayAndMonth, score } from './numbers.js';
import type { Played, PlayedFault, PlayedWeek } from './played.js';
import { textTable } from './text-table.js';

export interface ReportOptions {
  /** Only where the UI is still there to look at. */
  readonly uiUrl?: string;
  /** The picture's files. */
  readonly files: readonly string[];
  /** Said on every screen: where artifacts are kept when that is not MinIO. */
  readonly storeNote?: string;
}

/** What is read at the end: the table, the finding, what went wrong on purpose, the ledger, and where to look. */
export function demoReport(played: Played, { uiUrl, files, storeNote }: ReportOptions): string {
  const { weeks, faults, ledger, claims, seconds } = played;
  const { title, subtitle } = finding(weeks);
  const failed = claims.filter(({ holds }) => !holds);
  return [
    ...(storeNote === undefined ? [] : [storeNote, '']),
    weekTable(weeks),
    '',
    `${title}.`,
    subtitle,
    '',
    'What went wrong on purpose:',
    ...faults.map((fault) => `  week of ${dayAndMonth(fault.week)}: ${inShort(fault)}.`),
    '',
    'The ledger:',
    textTable(ledger.map((entry) => ledgerRow(entry, ledger))),
    '',
    'Checked against what was recorded:',
    ...claims.map(({ claim, holds }) => `  ${holds ? 'yes' : 'NO '}  ${claim}.`),
    '',
    `Picture: ${files.join(', ')}`,
    ...(uiUrl === undefined ? [] : [`Temporal UI: ${uiUrl}`]),
    `${weeks.length} weeks in ${seconds.toFixed(0)} s.`,
    ...(failed.length === 0 ? [] : ['', `${failed.length} of ${claims.length} claims did not hold: the demo failed.`]),
  ].join('\n');
}

const HEAD = ['week of', 'run', 'verdict', 'next week: live', 'AUC', 'Brier', 'frozen', 'newest', 'seconds'];

function weekTable(weeks: readonly PlayedWeek[]): string {
  const rows = weeks.map(({ week, record, liveVersion, live, frozen, newest, seconds }) => [
    dayAndMonth(week),
    String(record.run),
    record.outcome,
    `version ${liveVersion}`,
    score(live.auc),
    score(live.brier),
    score(frozen.brier),
    score(newest.brier),
    seconds.toFixed(1),
  ]);
  return textTable([HEAD, ...rows]);
}

/** What came of a trouble; its whole sentences were told when it happened. */
function inShort({ kind, record }: PlayedFault): string {
  const { failure, outcome, result } = record;
  switch (kind) {
    case 'missing-column':
      return `the file without the column "distance" ${failure ? `was stopped at ${failure.stage} (${failure.code})` : `was not stopped: ${outcome}`}`;
    case 'shuffled-labels': {
      const rule = result?.rules.find((each) => each.outcome === 'fail')?.rule;
      return `the run on shuffled labels ended with ${outcome}${rule === undefined ? '' : ` by the rule "${rule}"`}`;
    }
    case 'worker-killed':
      return `the worker was killed with -9 while it trained; the run ended on the next one with ${outcome}`;
  }
}

/** The reasons are not said again: each was told with its verdict. */
function ledgerRow({ generation, decision }: LedgerEntry, ledger: readonly LedgerEntry[]): string[] {
  const row = [`  ${generation}`, decision.kind];
  switch (decision.kind) {
    case 'reject':
      return [...row, 'a candidate', 'REJECT'];
    case 'register': {
      const { version } = decision;
      const live = ledger.some((entry) => entry.decision.kind === 'promote' && entry.decision.version === version);
      return [...row, `version ${version}`, live ? 'PROMOTE' : 'HOLD'];
    }
    case 'promote': {
      const { version, replaces } = decision;
      return [...row, `version ${version}`, replaces === 0 ? 'the first' : `in place of version ${replaces}`];
    }
  }
}
