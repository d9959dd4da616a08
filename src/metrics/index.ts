import type { TaskKind } from '../domain/task.js';
import { binary } from './binary.js';
import { multiclass } from './multiclass.js';
import { regression } from './regression.js';
import type { TaskMeasures } from './task-measures.js';

/** How models are measured, by the kind of task. */
export const taskMeasures: Readonly<Record<TaskKind, TaskMeasures>> = { binary, multiclass, regression };
