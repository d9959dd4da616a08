import { probability, type TaskOutputs } from './task-outputs.js';

/** Only the probability of true is kept: a third of what the tensor would weigh. */
export const binary: TaskOutputs<'binary'> = {
  scored: 'probabilities',
  width: () => 2,
  kept: () => 1,
  wanted: () => [
    { name: 'label', datatype: 'INT64', shape: [-1] },
    { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
  ],
  read(found, from, into, at) {
    into[at] = probability(found[from + 1]);
  },
};
