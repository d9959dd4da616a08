import type { Ref, Sha256 } from './artifact.js';

/** Column types as the contract and the signature name them; everything else DuckDB has is `other`. */
export type ColumnType = 'string' | 'integer' | 'number' | 'boolean' | 'timestamp' | 'date' | 'other';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** One object of a source as the source lists it. `version` changes when the content may have changed. */
export interface SourceObject {
  /** Stable name within the source: the object key, or the path relative to the source's folder. */
  readonly id: string;
  /** An ETag, or size and modification time. */
  readonly version: string;
  readonly bytes: number;
}

/** One source object, turned into one content-addressed Parquet part. */
export interface SnapshotPart {
  readonly source: string;
  readonly object: SourceObject;
  /** SHA-256 of the source object's own bytes. */
  readonly sourceSha256: Sha256;
  /** The Parquet part. */
  readonly ref: Ref;
  readonly rows: number;
  readonly columns: readonly Column[];
  /**
   * Digest of all that shaped the reading and the checking: contract, format, event-time column, version of the reader. A
   * part with another digest than the spec has now, or with none, is read again.
   */
  readonly reading?: Sha256;
  /** Least and greatest event time, ISO 8601 in UTC, when the part has the event-time column. */
  readonly from?: string;
  readonly to?: string;
}

/** An immutable dataset version: `manifests/snapshot/<digest>.json`. The parts are also the sources' cursor. */
export interface Snapshot {
  readonly kind: 'snapshot';
  readonly schemaVersion: 1;
  readonly model: string;
  readonly parts: readonly SnapshotPart[];
  readonly rows: number;
}

/** What one contract rule found in one new part. */
export interface ContractFinding {
  readonly source: string;
  readonly object: string;
  /** `''` for a rule on the whole table. */
  readonly column: string;
  readonly rule: 'missing' | 'unexpected' | 'type' | 'nulls' | 'min' | 'max' | 'values' | 'rows' | 'duplicate';
  /** One sentence: found and wanted. */
  readonly message: string;
  /** Share of the rows that break the rule, where rows do. */
  readonly badShare?: number;
}

/** Statistics of one column. */
export interface ColumnProfile {
  readonly name: string;
  readonly type: ColumnType;
  readonly rows: number;
  readonly nulls: number;
  readonly distinct?: number;
  /** Numbers only (timestamps as milliseconds since 1970). */
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  readonly deviation?: number;
  /** Most frequent values of text columns, at most ten. */
  readonly top?: readonly { readonly value: string; readonly count: number }[];
}

/** What validation found: `manifests/report/<digest>.json`. */
export interface ValidationReport {
  readonly kind: 'validation';
  readonly schemaVersion: 1;
  readonly snapshot: Sha256;
  readonly checkedParts: number;
  readonly checkedRows: number;
  readonly findings: readonly ContractFinding[];
  /** By source name. */
  readonly profiles: Readonly<Record<string, readonly ColumnProfile[]>>;
}

/** Train, validation and test rows of a snapshot, each one Parquet blob: `manifests/split/<digest>.json`. */
export interface Split {
  readonly kind: 'split';
  readonly schemaVersion: 1;
  readonly snapshot: Sha256;
  /** SHA-256 of the SQL that prepared the table; absent when the source was taken as it is. */
  readonly prepareSha256?: Sha256;
  readonly columns: readonly Column[];
  readonly train: SplitPart;
  readonly validation: SplitPart;
  readonly test: SplitPart;
}

export interface SplitPart {
  readonly ref: Ref;
  readonly rows: number;
  /** Rows of the window before sampling. */
  readonly rowsInWindow: number;
  /** The window, ISO 8601 in UTC, `from` inclusive, `to` exclusive. */
  readonly from: string;
  readonly to: string;
  /** Share of rows with a true label. */
  readonly positiveShare: number;
}
