import type { LedgerEntry } from '../domain/ledger.js';
import type { LedgerFinding } from '../stores/ledger-verify.js';
import type { Claim, PlayedFault, PlayedWeek } from './played.js';

export interface ClaimFacts {
  readonly weeks: readonly PlayedWeek[];
  readonly faults: readonly PlayedFault[];
  readonly ledger: readonly LedgerEntry[];
  /** How often the training of a run was started, by the run's workflow id. */
  readonly attempts: ReadonlyMap<string, number>;
  /** What is wrong with the ledger. */
  readonly broken: readonly LedgerFinding[];
  /** By the ledger. */
  readonly champion: number;
  /** Who must be named when data breaks the contract. */
  readonly owner: string;
}

/** What the demo says about itself, each sentence checked against what was recorded. */
export function checkClaims(facts: ClaimFacts): Claim[] {
  const { weeks, faults, broken, champion } = facts;
  const claims: Claim[] = [
    {
      claim: 'Every week a run that the Schedule asked for ended with a verdict',
      holds: weeks.every(({ record }) => record.trigger.kind === 'schedule' && record.outcome !== 'FAILED'),
    },
    { claim: 'Every run read only the files that were new', holds: readOnlyWhatWasNew(weeks) },
    {
      claim: 'From the second week on, candidate and champion were measured on the same rows',
      holds: weeks.slice(1).every(({ record }) => record.result?.metrics.difference !== undefined),
    },
    {
      claim: 'The model server answered every flight, each week with the one version that the ledger had promoted',
      holds: weeks.every(
        ({ record, versions }) => versions.length === 1 && versions[0] === String(record.result?.champion),
      ),
    },
    ...faults.map((fault) => claimOf(fault, facts)),
    {
      claim: 'The ledger is whole: no gap, no broken chain, no decision against its rules',
      holds: broken.length === 0,
    },
    {
      claim: 'The champion is the last version that was promoted',
      holds: champion > 0 && champion === lastPromoted(facts.ledger),
    },
  ];
  return claims;
}

function claimOf({ kind, record, week }: PlayedFault, { attempts, owner, ledger, weeks }: ClaimFacts): Claim {
  switch (kind) {
    case 'missing-column': {
      const told = `${record.failure?.message} ${record.failure?.fix}`;
      const stopped = record.failure?.stage === 'validate' && told.includes('distance') && told.includes(owner);
      return {
        claim:
          'The file without a column was stopped at validation, naming the column and its owner; the champion stayed',
        holds: stopped && !decided(ledger, record.workflowId),
      };
    }
    case 'shuffled-labels':
      return {
        claim: 'The candidate on shuffled labels was refused for want of skill; the champion stayed',
        holds:
          record.outcome === 'REJECT' &&
          record.result?.rules.some(({ rule, outcome }) => rule.endsWith('skill') && outcome === 'fail') === true &&
          !promoted(ledger, record.workflowId),
      };
    case 'worker-killed':
      return {
        claim: 'The run whose worker was killed with -9 trained again on the next worker and ended once',
        holds:
          record.outcome !== 'FAILED' &&
          (attempts.get(record.workflowId) ?? 0) > 1 &&
          weeks.some((each) => each.week === week && each.record.run === record.run) &&
          entriesOf(ledger, record.workflowId).filter(({ decision }) => decision.kind !== 'promote').length === 1,
      };
  }
}

/** Each snapshot is the one before and the new rows, and no week's file is read a second time. */
function readOnlyWhatWasNew(weeks: readonly PlayedWeek[]): boolean {
  return weeks.every(({ record }, index) => {
    const rows = record.result?.rows;
    const before = index === 0 ? 0 : (weeks[index - 1]?.record.result?.rows.total ?? NaN);
    return rows !== undefined && rows.new > 0 && before + rows.new === rows.total;
  });
}

function lastPromoted(ledger: readonly LedgerEntry[]): number {
  const last = ledger.findLast(({ decision }) => decision.kind === 'promote');
  return last?.decision.kind === 'promote' ? last.decision.version : 0;
}

function entriesOf(ledger: readonly LedgerEntry[], run: string): LedgerEntry[] {
  return ledger.filter(({ actor, decisionId }) => actor === run || decisionId.startsWith(`${run}/`));
}

function decided(ledger: readonly LedgerEntry[], run: string): boolean {
  return entriesOf(ledger, run).length > 0;
}

function promoted(ledger: readonly LedgerEntry[], run: string): boolean {
  return entriesOf(ledger, run).some(({ decision }) => decision.kind === 'promote');
}
