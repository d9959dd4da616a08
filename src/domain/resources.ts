import type { TriggerKind } from './trigger.js';

/** What one training takes of a worker. */
export interface Needs {
  /** Processors that it keeps busy; a share of one may do. */
  readonly cpus: number;
  readonly gpus: number;
  /** 0: nobody said. */
  readonly memoryBytes: number;
}

/** The kind of worker that a training is for, and what it takes there. */
export interface ResourcePlan extends Needs {
  readonly class: string;
}

/** The class of the workers that do everything else, too. */
export const ORDINARY_CLASS = 'cpu';

/** The task queue of a class: that of the workflows for the ordinary one, else one of its own beside it. */
export function classQueue(taskQueue: string, name = ORDINARY_CLASS): string {
  return name === ORDINARY_CLASS ? taskQueue : `${taskQueue}-${name}`;
}

/** What a training waits for that has not begun: a worker of its class, or room on the workers that there are. */
export type WaitsFor = 'worker' | 'room';

/** In a sentence without its end, as runs and commands say it. */
export function waitsForText(wait: WaitsFor, name: string, taskQueue: string): string {
  if (wait === 'room') return `waits for room: the workers of class ${name} are busy`;
  const start = startWorkerCommand(name, taskQueue);
  return `waits for a worker of class ${name}, and there is none; start one, with --gpus where it has some: ${start}`;
}

/** Starts a worker of a class for the workflows of a task queue. */
export function startWorkerCommand(name: string, taskQueue: string): string {
  const of = name === ORDINARY_CLASS ? '' : ` --class ${name}`;
  return `perennial worker${of} --task-queue ${taskQueue}`;
}

/** Temporal's priority key of the runs that a trigger starts, and of their steps: lower goes first, 3 is what others have. */
export function priorityOf(kind: TriggerKind): number {
  if (kind === 'manual') return 2;
  return kind === 'backfill' ? 4 : 3;
}
