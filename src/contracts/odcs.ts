import type { SpecIssue, SpecPath } from '../spec/path.js';

/** What we read of a data contract of the Open Data Contract Standard 3; `checkOdcs` makes sure of these shapes. */
export interface OdcsDocument {
  readonly apiVersion: string;
  readonly id: string;
  readonly version: string;
  readonly schema?: readonly OdcsObject[];
  readonly slaDefaultElement?: string;
  readonly slaProperties?: readonly OdcsSla[];
  readonly customProperties?: readonly OdcsCustomProperty[];
}

interface OdcsElement {
  readonly name: string;
  readonly physicalName?: string;
  readonly quality?: readonly OdcsQuality[];
  readonly relationships?: readonly unknown[];
  readonly customProperties?: readonly OdcsCustomProperty[];
}

/** A table. */
export interface OdcsObject extends OdcsElement {
  readonly properties?: readonly OdcsProperty[];
}

/** A column. */
export interface OdcsProperty extends OdcsElement {
  readonly logicalType?: string;
  readonly logicalTypeOptions?: Readonly<Record<string, unknown>>;
  readonly physicalType?: string;
  readonly required?: boolean;
  readonly unique?: boolean;
  readonly primaryKey?: boolean;
  readonly primaryKeyPosition?: number;
  readonly properties?: readonly OdcsProperty[];
  readonly items?: OdcsProperty;
}

/** A quality rule; an operator stands beside these keys. */
export interface OdcsQuality extends Readonly<Record<string, unknown>> {
  readonly id?: string;
  readonly name?: string;
  readonly type?: 'text' | 'library' | 'sql' | 'custom';
  readonly description?: string;
  readonly metric?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly unit?: string;
  readonly severity?: string;
  readonly query?: string;
  readonly engine?: string;
  readonly implementation?: string | Readonly<Record<string, unknown>>;
  readonly schedule?: string;
}

export interface OdcsSla {
  readonly property: string;
  readonly value: unknown;
  readonly unit?: string;
  readonly element?: string;
  readonly description?: string;
}

export interface OdcsCustomProperty {
  readonly property: string;
  readonly value: unknown;
}

/** What the reading of a contract has to say beside its rules. */
export class OdcsFindings {
  /** What contradicts itself or the spec: the contract cannot be used. */
  readonly problems: SpecIssue[] = [];
  /** What is valid under the standard and not checked here. */
  readonly notes: SpecIssue[] = [];

  problem(path: SpecPath, message: string, at?: 'key'): void {
    this.problems.push({ path, message, ...(at ? { at } : {}) });
  }

  note(path: SpecPath, message: string): void {
    this.notes.push({ path, message });
  }
}
