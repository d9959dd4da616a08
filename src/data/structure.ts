import type { ContractFinding, ContractTable, Severity } from '../domain/contract.js';
import { nearestName } from '../spec/nearest.js';
import type { FoundColumn } from './found-column.js';

/** A finding whose source and object are known to whoever asked. */
export type Finding = Omit<ContractFinding, 'source' | 'object'>;

/**
 * Columns that are missing, and columns that should not be there. No row can be set aside for them, so what should be
 * quarantined blocks.
 */
export function structureFindings(contract: ContractTable, columns: readonly FoundColumn[]): Finding[] {
  const there = columns.map(({ name }) => name);
  const declared = new Set(contract.columns.map(({ name }) => name));
  const findings: Finding[] = [];
  const near = (name: string) => {
    const other = nearestName(
      name,
      there.filter((each) => !declared.has(each)),
    );
    return other === undefined ? '' : ` (found "${other}")`;
  };
  for (const { name, required, severity } of contract.columns) {
    if (!required || there.includes(name)) continue;
    const message = `column "${name}": not found${near(name)}, want it in every file`;
    findings.push({ column: name, check: `${name}/missing`, severity: withoutRows(severity), message });
  }
  if (contract.otherColumns) {
    const severity = withoutRows(contract.otherColumns);
    for (const name of there.filter((each) => !declared.has(each))) {
      const message = `column "${name}": found, want no columns but the contract's`;
      findings.push({ column: name, check: `${name}/unexpected`, severity, message });
    }
  }
  for (const { id, measure, severity } of contract.checks) {
    const names = 'columns' in measure ? measure.columns : 'column' in measure ? [measure.column] : [];
    for (const name of names) {
      if (there.includes(name) || declared.has(name)) continue;
      const message = `column "${name}": not found${near(name)}, want it for the rule "${id}"`;
      findings.push({ column: name, check: id, severity: withoutRows(severity), message });
    }
  }
  return findings;
}

/** The severity of a finding that is not about single rows: what cannot be set aside stops the run. */
export function withoutRows(severity: Severity): Severity {
  return severity === 'quarantine' ? 'block' : severity;
}
