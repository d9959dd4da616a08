import type { SplitSpec } from '../../spec/spec.js';
import type { SourceTable } from '../source-tables.js';
import { byFixed } from './by-fixed.js';
import { byHash } from './by-hash.js';
import { byStratified } from './by-stratified.js';
import { byTime } from './by-time.js';
import type { CutContext, Sides } from './sides.js';

/**
 * Says which rows of the table `training` train, validate and test.
 *
 * @param test the source of the test rows, where the split has one
 */
export async function cutSides(spec: SplitSpec, context: CutContext, test?: SourceTable): Promise<Sides> {
  switch (spec.by) {
    case 'time':
      return byTime(spec, context);
    case 'group':
    case 'hash':
      return byHash(spec, context);
    case 'stratified':
      return byStratified(spec, context);
    case 'fixed':
      return byFixed(spec, context, test);
  }
}

/** The columns by whose values rows are placed; none for a split by time. */
export function keyColumns(spec: SplitSpec): readonly string[] {
  if (spec.by === 'time') return [];
  return spec.by === 'fixed' ? spec.key : spec.columns;
}
