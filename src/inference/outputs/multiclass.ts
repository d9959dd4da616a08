import { probability, type TaskOutputs } from './task-outputs.js';

/** A probability a class, in the order of the task's classes. */
export const multiclass: TaskOutputs<'multiclass'> = {
  scored: 'probabilities',
  width: ({ classes }) => classes.length,
  kept: ({ classes }) => classes.length,
  wanted: ({ classes }) => [
    { name: 'label', datatype: 'BYTES', shape: [-1] },
    { name: 'probabilities', datatype: 'FP32', shape: [-1, classes.length] },
  ],
  read(found, from, into, at, width) {
    for (let place = 0; place < width; place++) into[at + place] = probability(found[from + place]);
  },
};
