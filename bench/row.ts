/** One comparison of a benchmark: our way and a plain way to the same end, in one run on one machine. */
export interface BenchRow {
  readonly name: string;
  /** `ours / theirs`. */
  readonly ratio: number;
  readonly aim: number;
  /** Whether the ratio should be at least the aim (speeds) or at most (times). Default `lower`. */
  readonly better?: 'higher' | 'lower';
  readonly ours: number;
  readonly theirs: number;
  /** Of `ours` and `theirs`. */
  readonly unit: string;
  readonly note?: string;
}
