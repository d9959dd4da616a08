import type { TaskOutputs } from './task-outputs.js';

/** The number itself. */
export const regression: TaskOutputs<'regression'> = {
  scored: 'value',
  width: () => 1,
  kept: () => 1,
  wanted: () => [{ name: 'value', datatype: 'FP32', shape: [-1, 1] }],
  read(found, from, into, at) {
    const value = found[from];
    if (!Number.isFinite(value)) throw new Error(`is ${value} in a row, want a finite number`);
    into[at] = value as number; // finite, so it is there
  },
};
