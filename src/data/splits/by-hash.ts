import type { SplitSpec } from '../../spec/spec.js';
import { newestRange } from '../windows.js';
import { POSITION, positionOf } from './position.js';
import { isInside, sidesOf, type CutContext, type Sides } from './sides.js';

/**
 * By the position of the key (see `position.ts`): the first share of positions tests, the next validates, the rest trains.
 * All rows of a key are on one side, and stay there whatever rows are added or taken away; a greater test share only takes
 * rows over. The shares are those of many keys: a few large groups may be far from them. Rows without any value in the key
 * columns are one group.
 */
export function byHash(spec: Extract<SplitSpec, { by: 'group' | 'hash' }>, { task, newest }: CutContext): Sides {
  const taken = isInside(task.eventTime, newestRange(spec.last, newest));
  const [test, validation] = [positionOf(spec.test), positionOf(spec.test + spec.validation)];
  return sidesOf({
    train: `${taken} AND ${POSITION} >= ${validation}`,
    validation: `${taken} AND ${POSITION} >= ${test} AND ${POSITION} < ${validation}`,
    test: `${taken} AND ${POSITION} < ${test}`,
  });
}
