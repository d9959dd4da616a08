import type { Ref } from '../src/domain/artifact.js';
import type { Contract, ContractFinding } from '../src/domain/contract.js';
import type { SnapshotPart, ValidationReport } from '../src/domain/data.js';
import type { DriftFinding } from '../src/domain/drift.js';
import { ContractViolatedError, DriftBlockedError } from '../src/errors.js';
import type { ModelSpec } from '../src/spec/spec.js';

/** One sentence on what validation did, for everybody. */
export function reportMessage(report: ValidationReport, contract: Contract): string {
  const { checkedParts, checkedRows, findings, moreFindings = 0, quarantinedRows, drift = [] } = report;
  const told: string[] = [];
  const warnings = findings.filter(({ severity }) => severity === 'warn').length + moreFindings;
  if (quarantinedRows > 0) told.push(`${counted(quarantinedRows, 'row')} set aside`);
  if (warnings > 0) told.push(counted(warnings, 'warning'));
  for (const kind of ['data', 'skew'] as const) {
    const columns = columnsOf(drift.filter((each) => each.kind === kind && each.state === 'drift'));
    const what = kind === 'data' ? 'new data has' : 'what users ask has';
    if (columns.length > 0) told.push(`${what} drifted in ${listed(columns)}`);
  }
  if (checkedParts === 0) return ['nothing new to check', ...told].join('; ');
  const files = `${counted(checkedRows, 'row')} of ${counted(checkedParts, 'file')}`;
  if (told.length > 0) return `${files} checked: ${told.join(', ')}`;
  return Object.keys(contract.tables).length === 0
    ? `${files} looked at; there is no contract to check them against`
    : `${files} checked: all keep the contract`;
}

/** What people should know although the run goes on, a sentence each. */
export function warningsOf(
  checked: readonly { readonly part: SnapshotPart }[],
  findings: readonly ContractFinding[],
  drift: readonly DriftFinding[],
): string[] {
  const warnings = [
    ...checked.flatMap(({ part }) => (part.quarantine ? [setAside(part, part.quarantine)] : [])),
    ...findings.filter(({ severity }) => severity !== 'block').map(sentence),
    ...drift.filter(({ state }) => state === 'drift').map(({ message }) => message),
  ];
  return warnings.length <= MOST_WARNINGS
    ? warnings
    : [
        ...warnings.slice(0, MOST_WARNINGS - 1),
        `${warnings.length - MOST_WARNINGS + 1} more warnings are in the report`,
      ];
}

const MOST_WARNINGS = 20;

function setAside({ source, object }: SnapshotPart, { ref, rows }: NonNullable<SnapshotPart['quarantine']>): string {
  return `${source}/${object.id}: ${counted(rows, 'row')} set aside, kept as ${ref.key}`;
}

/** The failure of a run whose new data breaks the contract. */
export function contractBroken(
  { owners }: Pick<ModelSpec, 'owners'>,
  findings: readonly ContractFinding[],
  report: Ref,
): ContractViolatedError {
  const blocking = findings.filter(({ severity }) => severity === 'block');
  const shown = blocking.slice(0, 5).map(sentence);
  const more = blocking.length > shown.length ? ` (and ${blocking.length - shown.length} more findings)` : '';
  return new ContractViolatedError(
    `new data breaks the contract: ${shown.join('; ')}${more}. ${owners.data} must act`,
    {
      fix: `${owners.data}: deliver the file again as the contract wants it, or agree on another contract and apply the spec.`,
      details: { owner: owners.data, columns: columnsOf(blocking), findings: blocking.slice(0, 50), report },
    },
  );
}

/** The failure of a run whose new data, or whose users, have moved too far from what the champion knows. */
export function driftBlocked(
  { owners }: Pick<ModelSpec, 'owners'>,
  shifts: readonly DriftFinding[],
  report: Ref,
): DriftBlockedError {
  const shown = shifts.slice(0, 5).map(({ message }) => message);
  const more = shifts.length > shown.length ? ` (and ${shifts.length - shown.length} more shifts)` : '';
  const keys = [...new Set(shifts.map(({ kind }) => `drift.${kind}`))].join(' and ');
  return new DriftBlockedError(
    `what the champion learned from is no longer what comes in: ${shown.join('; ')}${more}. ${owners.data} must act`,
    {
      fix: `${owners.data}: find out why it has moved. If it is right so, set ${keys} to warn, apply the spec and ask for a run.`,
      details: { owner: owners.data, columns: columnsOf(shifts), findings: shifts.slice(0, 50), report },
    },
  );
}

function sentence({ source, object, message }: ContractFinding): string {
  return `${object === '' ? source : `${source}/${object}`}: ${message}`;
}

function columnsOf(findings: readonly { readonly column: string }[]): string[] {
  return [...new Set(findings.map(({ column }) => column).filter((column) => column !== ''))];
}

function listed(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return names.slice(0, 5).join(', ') + more;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}
