/** What a detector says of a column on two sides. */
export interface Shift {
  /** Size in the detector's own measure; 0: none. */
  readonly effect: number;
  /** Chance of a shift at least as large between two samples of the same rows. */
  readonly pValue: number;
}

/** Counts in the same bins, or of the same categories, on two sides. */
export interface TwoCounts {
  readonly reference: readonly number[];
  readonly current: readonly number[];
}
