import type { LedgerEntry } from '../domain/ledger.js';
import { finding } from './finding.js';
import { dayAndMonth, score } from './numbers.js';
import type { Played, PlayedWeek } from './played.js';
import { textTable } from './text-table.js';

export interface ReportOptions {
  readonly uiUrl: string;
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
    ...faults.map(({ week, happened }) => `  week of ${dayAndMonth(week)}: ${happened}`),
    '',
    'The ledger:',
    textTable(ledger.map(ledgerRow)),
    '',
    'Checked against what was recorded:',
    ...claims.map(({ claim, holds }) => `  ${holds ? 'yes' : 'NO '}  ${claim}.`),
    '',
    `Picture: ${files.join(', ')}`,
    `Temporal UI: ${uiUrl}`,
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

function ledgerRow({ generation, decision, reason }: LedgerEntry): string[] {
  const version = decision.kind === 'reject' ? 'a candidate' : `version ${decision.version}`;
  // What a promotion rests on was said when the version was registered.
  const why =
    decision.kind !== 'promote'
      ? reason
      : decision.replaces === 0
        ? 'the first'
        : `in place of version ${decision.replaces}`;
  return [`  ${generation}`, decision.kind, version, why];
}
