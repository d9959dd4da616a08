import type { Ref } from '../../src/domain/artifact.js';
import type { Column, Split, SplitPart } from '../../src/domain/data.js';

/** A split of one day whose sides are all the same rows. */
export function onePartSplit(ref: Ref, rows: number, columns: readonly Column[]): Split {
  const part: SplitPart = { ref, rows, rowsInWindow: rows, from: '2026-01-01', to: '2026-01-02', positiveShare: 0.5 };
  return {
    kind: 'split',
    schemaVersion: 1,
    snapshot: '0'.repeat(64),
    profile: ref,
    by: 'time',
    columns,
    train: part,
    validation: part,
    test: part,
  };
}

/** The columns of the toy shop from which its models learn. */
export const TOY_COLUMNS: readonly Column[] = [
  { name: 'channel', type: 'string' },
  { name: 'price', type: 'number' },
  { name: 'visits', type: 'integer' },
];
