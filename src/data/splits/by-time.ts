import type { TimeSplit } from '../../spec/spec.js';
import { splitWindows } from '../windows.js';
import { isInside, type CutContext, type Side, type Sides } from './sides.js';

/** Windows of event time: train before validation before test, with nothing of the gaps on any side. */
export function byTime(spec: TimeSplit, { task, newest, oldest }: CutContext): Sides {
  const windows = splitWindows(spec, newest, oldest);
  const side = (window: Required<Side>['window']): Side => ({
    relation: 'training',
    where: isInside(task.eventTime, window),
    window,
  });
  return { train: side(windows.train), validation: side(windows.validation), test: side(windows.test) };
}
