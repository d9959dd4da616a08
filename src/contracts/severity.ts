import type { Severity } from '../domain/contract.js';

/**
 * What the standard's free-text severities mean here, whatever their case:
 *
 * | in the contract                                                      | here       |
 * | -------------------------------------------------------------------- | ---------- |
 * | error, critical, blocker, fatal, high, severe, major, block, p0, p1   | block      |
 * | quarantine                                                           | quarantine |
 * | warning, warn, medium, moderate, minor, low, info, information, notice, trivial, p2 to p5 | warn |
 *
 * Undefined for any other word.
 */
export function severityOf(word: string): Severity | undefined {
  const lower = word.trim().toLowerCase();
  return (Object.keys(WORDS) as Severity[]).find((severity) => WORDS[severity].includes(lower));
}

const WORDS: Readonly<Record<Severity, readonly string[]>> = {
  block: 'error critical blocker fatal high severe major block p0 p1'.split(' '),
  quarantine: ['quarantine'],
  warn: 'warning warn medium moderate minor low info information notice trivial p2 p3 p4 p5'.split(' '),
};
