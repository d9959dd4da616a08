import type { Ref, Sha256 } from './artifact.js';
import type { ContractFinding } from './contract.js';
import type { DriftFinding } from './drift.js';
import type { TableProfile } from './profile.js';
import type { Task } from './task.js';

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
  /** 0 where that shows only when it is fetched: rows of a database. */
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
  /** Profile of the rows, a blob with a `TableProfile`; written when the part is checked. */
  readonly profile?: Ref;
  /** Rows that broke a rule and were taken out of the part when it was checked: Parquet, with a column of reasons. */
  readonly quarantine?: { readonly ref: Ref; readonly rows: number };
}

/** An immutable dataset version: `manifests/snapshot/<digest>.json`. The parts are also the sources' cursor. */
export interface Snapshot {
  readonly kind: 'snapshot';
  readonly schemaVersion: 1;
  readonly model: string;
  readonly parts: readonly SnapshotPart[];
  readonly rows: number;
}

/** What a run found at the sources, beside what it knew: `manifests/changes/<digest>.json`. */
export interface SourceChanges {
  readonly kind: 'changes';
  readonly schemaVersion: 1;
  readonly snapshot: Sha256;
  /** By source name; ids of objects, sorted. */
  readonly sources: Readonly<Record<string, ChangedObjects>>;
}

export interface ChangedObjects {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly gone: readonly string[];
  /** The same at the source, but read again because of another contract, format, event time or version of the reader. */
  readonly reread?: readonly string[];
}

/** What validation found: `manifests/report/<digest>.json`. */
export interface ValidationReport {
  readonly kind: 'validation';
  readonly schemaVersion: 1;
  readonly snapshot: Sha256;
  readonly checkedParts: number;
  readonly checkedRows: number;
  /** Of all severities; any of severity `block` has stopped the run. */
  readonly findings: readonly ContractFinding[];
  /** Findings beyond the first thousand, the gravest first; absent when all are listed. */
  readonly moreFindings?: number;
  /** Rows that were set aside. */
  readonly quarantinedRows: number;
  /** Of the new rows, by source name. */
  readonly profiles: Readonly<Record<string, TableProfile>>;
  /** New data and live requests beside what the champion learned from; absent when there is nothing to compare with. */
  readonly drift?: readonly DriftFinding[];
}

/** Profiles of what a candidate learned from: `manifests/profile/<digest>.json`. */
export interface DataProfile {
  readonly kind: 'profile';
  readonly schemaVersion: 1;
  /** The training rows as the trainer got them: features, label, event time. */
  readonly training: TableProfile;
  /** The rows of the sources in the time of the training window, by source name. */
  readonly sources: Readonly<Record<string, TableProfile>>;
}

/** Train, validation and test rows of a snapshot, each one Parquet blob: `manifests/split/<digest>.json`. */
export interface Split {
  readonly kind: 'split';
  readonly schemaVersion: 1;
  readonly snapshot: Sha256;
  /** SHA-256 of the SQL that prepared the table; absent when the source was taken as it is. */
  readonly prepareSha256?: Sha256;
  /** A {@link DataProfile}. */
  readonly profile: Ref;
  /** How the rows were cut, in the words of the spec. */
  readonly by: 'time' | 'group' | 'hash' | 'stratified' | 'fixed';
  /** The rest of the spec's `split`: windows or shares, columns. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Rows from then on were left out of every source, ISO 8601. Absent: none were. */
  readonly asOf?: string;
  readonly columns: readonly Column[];
  /** Absent: binary. */
  readonly task?: Task;
  readonly train: SplitPart;
  readonly validation: SplitPart;
  readonly test: SplitPart;
}

export interface SplitPart extends LabelFacts {
  readonly ref: Ref;
  readonly rows: number;
  /** Rows of the window before sampling. */
  readonly rowsInWindow: number;
  /** The window, ISO 8601 in UTC, `from` inclusive, `to` exclusive. */
  readonly from: string;
  readonly to: string;
}

/** What is known of the labels of some rows, each for one kind of task. */
export interface LabelFacts {
  /** Binary: share of rows with a true label. */
  readonly positiveShare?: number;
  /** Multiclass: rows of each class of the task. */
  readonly classRows?: readonly number[];
  /** Multiclass: test rows of classes that no training row has, and how many such classes there are; absent without any. */
  readonly unseen?: { readonly rows: number; readonly classes: number };
  /** Regression: mean of the labels. */
  readonly mean?: number;
}
