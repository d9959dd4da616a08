/** What one detector says of one column. */
export interface DriftFinding {
  /** `data`: new rows of a source; `skew`: live requests; both beside what the champion learned from. */
  readonly kind: 'data' | 'skew';
  /** The source, or `training` for features. */
  readonly table: string;
  readonly column: string;
  readonly detector: 'psi' | 'js' | 'ks' | 'wasserstein' | 'chi2' | 'missing';
  /** `not-enough-data` is no alarm and no all-clear. `drift` is significant after control of false discoveries, and large. */
  readonly state: 'drift' | 'stable' | 'not-enough-data';
  /** Size of the shift in the detector's own measure. */
  readonly effect?: number;
  /** Chance of a shift at least as large between two samples of the same rows. */
  readonly pValue?: number;
  /** The p-value after control of false discoveries over all columns of the comparison: what `state` goes by. */
  readonly adjusted?: number;
  /** Rows that have a value; for the detector `missing` all rows. */
  readonly rows: { readonly reference: number; readonly current: number };
  /** One sentence: what shifted, from what to what. */
  readonly message: string;
}
