import type { ColumnType } from './data.js';

/** Mergeable statistics of a table: those of two disjoint sets of rows give those of both. */
export interface TableProfile {
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
}

/** Statistics of one column. Times are milliseconds since 1970. */
export interface ColumnProfile {
  readonly name: string;
  readonly type: ColumnType;
  readonly rows: number;
  /** Null. NaN and infinities are counted apart and are in none of the numbers below. */
  readonly nulls: number;
  readonly numbers?: NumberProfile;
  readonly text?: TextProfile;
  /** Rows that are true, of a boolean column: of the label, the label rate. */
  readonly trues?: number;
  /**
   * Different values. Exact for text and for few numbers, otherwise an estimate that may be off by a fifth; undefined for
   * types that are not counted. After a merge a lower bound.
   */
  readonly distinct?: number;
  /**
   * Most frequent values of text and booleans, most frequent first: 50, and those that an earlier profile names. Texts are
   * cut after 200 characters. After a merge a lower bound for values that only one side names. Absent when nearly every
   * row has a value of its own.
   */
  readonly top?: readonly { readonly value: string; readonly count: number }[];
}

export interface NumberProfile {
  /** Finite values. */
  readonly count: number;
  readonly nans: number;
  readonly infinities: number;
  readonly zeros: number;
  readonly negatives: number;
  readonly min?: number;
  readonly max?: number;
  /** To a ten-millionth of the deviation. */
  readonly mean?: number;
  /** Of the sample: divided by count - 1. To seven digits; undefined for values beyond 1e150, whose squares overflow. */
  readonly deviation?: number;
  readonly histogram?: Histogram;
}

/** Counts between fixed edges: bin 0 is below the first edge, bin i is [edge i-1, edge i), the last from the last edge up. */
export interface Histogram {
  /** Ascending. */
  readonly edges: readonly number[];
  /** One more than edges. */
  readonly counts: readonly number[];
}

export interface TextProfile {
  /** In characters (code points), of values that are not null. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly meanLength?: number;
}
