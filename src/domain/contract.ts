import type { ColumnType } from './data.js';

/** What becomes of a rule that is broken: the run stops, the rows are set aside, or people are told. */
export type Severity = 'block' | 'quarantine' | 'warn';

/** What a column is to the model, from the contract's custom properties. */
export type MlRole = 'feature' | 'label' | 'id' | 'eventTime' | 'slice' | 'sensitive';

/** A contract in one form, whatever file or standard it was written in. */
export interface Contract {
  /** Id and version of the contract file; absent for rules in the spec itself. */
  readonly id?: string;
  readonly version?: string;
  /** By table: a source's name, or `training` for what `prepare` makes. */
  readonly tables: Readonly<Record<string, ContractTable>>;
}

export interface ContractTable {
  readonly columns: readonly ContractColumn[];
  /** What a column that is not named here does; `undefined`: nothing. */
  readonly otherColumns?: Severity;
  /** All rules on values. Their ids are unique within the table. */
  readonly checks: readonly Check[];
}

export interface ContractColumn {
  readonly name: string;
  /** Absent: any type will do. */
  readonly type?: Exclude<ColumnType, 'other'>;
  /** Whether a file without this column breaks the contract. */
  readonly required: boolean;
  readonly roles: readonly MlRole[];
  /** In which files the column may be missing or of another type: what that does. Default `block`. */
  readonly severity: Severity;
}

/** One rule: something that is measured, and what the measured number must be. */
export interface Check {
  /** Readable and stable, such as `price/min`: names the rule in findings, reports and quarantined rows. */
  readonly id: string;
  readonly measure: CheckMeasure;
  readonly expect: Expectation;
  /** `percent`: the number is a share of the rows, 0 to 100. */
  readonly unit: 'rows' | 'percent';
  readonly severity: Severity;
  /** Why, in the contract's words. */
  readonly description?: string;
}

/**
 * What a rule measures. The first three count bad rows, which can be quarantined one by one; the others give one number
 * for the whole table.
 */
export type CheckMeasure =
  /** Rows where the column is empty: null, NaN, or one of `missing`. */
  | { readonly kind: 'nulls'; readonly column: string; readonly missing?: readonly Scalar[] }
  /** Rows with a value outside of `valid`; empty ones are not counted. */
  | { readonly kind: 'invalid'; readonly column: string; readonly valid: ValidValues }
  /** Rows beyond the first of each combination of values. */
  | { readonly kind: 'duplicates'; readonly columns: readonly string[] }
  | { readonly kind: 'rowCount' }
  /** Different values of a column. */
  | { readonly kind: 'distinct'; readonly column: string }
  /** One SELECT over the table (named by its own name) that gives one number. */
  | { readonly kind: 'sql'; readonly query: string }
  /** Age of the newest value in seconds, at the time of the check. */
  | { readonly kind: 'age'; readonly column: string };

export type Scalar = string | number | boolean;

/** What values may be; all that are given must hold. */
export interface ValidValues {
  readonly min?: number | string;
  readonly max?: number | string;
  readonly exclusiveMin?: number | string;
  readonly exclusiveMax?: number | string;
  readonly values?: readonly Scalar[];
  /** A regular expression of RE2, which the whole text must match. */
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly multipleOf?: number;
  /** Neither NaN nor infinite. */
  readonly finite?: true;
}

/** The operators of the Open Data Contract Standard. */
export type Expectation =
  | { readonly operator: 'mustBe' | 'mustNotBe'; readonly value: number }
  | {
      readonly operator: 'mustBeGreaterThan' | 'mustBeGreaterOrEqualTo' | 'mustBeLessThan' | 'mustBeLessOrEqualTo';
      readonly value: number;
    }
  /** Both bounds included. */
  | { readonly operator: 'mustBeBetween' | 'mustNotBeBetween'; readonly value: readonly [number, number] };

/** What one rule found in one new part. */
export interface ContractFinding {
  readonly source: string;
  readonly object: string;
  /** `''` for a rule on the whole table. */
  readonly column: string;
  /** Id of the check, or `missing`, `unexpected`, `type` with the column before it: `price/type`. */
  readonly check: string;
  readonly severity: Severity;
  /** One sentence: found and wanted. */
  readonly message: string;
  /** Rows that break the rule, where rows do. */
  readonly badRows?: number;
}
