/** PROMOTE: becomes champion. HOLD: kept, not proven. REJECT: refused. A refusal is a verdict, never an error. */
export type VerdictKind = 'PROMOTE' | 'HOLD' | 'REJECT';

export type Outcome = 'pass' | 'fail' | 'insufficient';

/** What one gate rule found. */
export interface RuleOutcome {
  /** For example `skill`, `threshold`, `champion`, `minimum`. */
  readonly rule: string;
  readonly outcome: Outcome;
  /** One sentence with the numbers: found and wanted. */
  readonly reason: string;
}

/** The judgement of one candidate. */
export interface Verdict {
  readonly verdict: VerdictKind;
  /** One sentence that a business reader understands: the rule that decided. */
  readonly reason: string;
  readonly rules: readonly RuleOutcome[];
}
