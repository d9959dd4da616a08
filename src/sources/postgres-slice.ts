import { createHash } from 'node:crypto';
import type { SourceObject } from '../domain/data.js';
import type { CursorKind } from './postgres-cursor.js';

/** Rows whose cursor lies in `(after, to]`; without `after` in everything up to `to`. */
export interface Slice {
  readonly after?: string;
  readonly to: string;
}

/** Names the rows that a query gives: a slice that was taken by another query is none of ours. */
export function queryDigest(query: string, cursor: string): string {
  return createHash('sha256')
    .update(JSON.stringify([query, cursor]))
    .digest('hex')
    .slice(0, 16);
}

/** A slice with what was found in it: `<rows>-<checksum of their cursor values>`. */
export interface FoundSlice extends Slice {
  readonly state: string;
}

/** A slice as an object. The version follows its rows: one that was committed late, or has left it, makes it another. */
export function sliceObject({ after, to, state }: FoundSlice, digest: string): SourceObject {
  // How many bytes there are shows only when they are fetched.
  return {
    id: `rows ${after === undefined ? '' : `after ${after} `}to ${to}`,
    version: `${digest}-${state}`,
    bytes: 0,
  };
}

/** Reads a slice and its state back from an object; undefined for one that is not of this query. */
export function parseSlice({ id, version }: SourceObject, digest: string, kind: CursorKind): FoundSlice | undefined {
  const [, after, to = ''] = /^rows (?:after (\S+) )?to (\S+)$/.exec(id) ?? [];
  const state = version.startsWith(`${digest}-`) ? version.slice(digest.length + 1) : '';
  // Earlier versions of Perennial wrote no checksum.
  const sound = /^\d+(-\d+)?$/.test(state) && kind.looks.test(to) && (after === undefined || kind.looks.test(after));
  return sound ? { to, state, ...(after !== undefined && { after }) } : undefined;
}

export function isEmpty(state: string): boolean {
  return state.startsWith('0-');
}

/** What known slices leave open: the stretches before and between them, and where the rows after them begin. */
export interface Coverage<T extends Slice> {
  /** In the order of the cursor. */
  readonly slices: readonly T[];
  readonly gaps: readonly Slice[];
  /** Undefined: nothing is known. */
  readonly end: string | undefined;
}

/** Lays slices beside one another. Slices that overlap were not made here: then nothing counts as known. */
export function coverage<T extends Slice>(slices: readonly T[], kind: CursorKind): Coverage<T> {
  const ordered = slices.toSorted((a, b) => kind.compare(a.to, b.to));
  const gaps: Slice[] = [];
  let end: string | undefined;
  for (const { after, to } of ordered) {
    const step = after === undefined ? undefined : end === undefined ? 1 : kind.compare(after, end);
    const overlaps = step === undefined ? end !== undefined : step < 0;
    if (overlaps) return { slices: [], gaps: [], end: undefined };
    if (after !== undefined && step !== undefined && step > 0) gaps.push({ to: after, ...(end && { after: end }) });
    end = to;
  }
  return { slices: ordered, gaps, end };
}
