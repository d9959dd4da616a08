/** What is predicted. binary: true or false. multiclass: one of several classes. regression: a number. */
export type TaskKind = 'binary' | 'multiclass' | 'regression';

/** A task as artifacts of a run tell it. Where it is absent, the task is binary. */
export type Task =
  | { readonly kind: 'binary' }
  | {
      readonly kind: 'multiclass';
      /** The labels of the training rows as texts, by code point (whole numbers by size): the order of probabilities. */
      readonly classes: readonly string[];
    }
  | { readonly kind: 'regression' };

/** The task of a split, a bundle or an evaluation. */
export function taskOf({ task = { kind: 'binary' } }: { readonly task?: Task | undefined }): Task {
  return task;
}
