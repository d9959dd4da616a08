import { binary } from './binary.js';
import type { LabelKinds } from './label-kind.js';
import { multiclass } from './multiclass.js';
import { regression } from './regression.js';

/** The labels of each kind of task. */
export const labelKinds: LabelKinds = { binary, multiclass, regression };
