import { ORDINARY_CLASS, type Needs } from '../domain/resources.js';
import { UsageError } from '../errors.js';
import { ResourceBudget } from './budget.js';
import { usableCpus, usableMemoryBytes } from './machine.js';

/** What a worker has for trainings. What one needs is in `trainer.resources` of its spec. */
export interface WorkerResources {
  /** The kind of worker: it trains the models whose specs name it. Default: cpu, which also does everything else. */
  readonly class?: string;
  /** Default: those of the machine, or of the container. */
  readonly cpus?: number;
  /** Default: that of the machine, or of the container. */
  readonly memoryBytes?: number;
  /** Default: 0. Which ones are told by CUDA_VISIBLE_DEVICES, where it is set. */
  readonly gpus?: number;
}

/**
 * The budget of what a worker declares.
 * @throws {UsageError} when it cannot be
 */
export function declaredBudget(declared: WorkerResources = {}, env = process.env): ResourceBudget {
  const { class: name = ORDINARY_CLASS, gpus = 0 } = declared;
  const { cpus = usableCpus(), memoryBytes = usableMemoryBytes() } = declared;
  const has: Needs = { cpus, memoryBytes, gpus };
  if (!(cpus > 0 && cpus <= 65_536)) throw invalid(`${cpus} cpus`, 'a number above 0');
  if (!(memoryBytes > 0 && Number.isFinite(memoryBytes)))
    throw invalid(`${memoryBytes} bytes of memory`, 'a number above 0');
  if (!(Number.isInteger(gpus) && gpus >= 0 && gpus <= 1024)) throw invalid(`${gpus} gpus`, 'a whole number from 0');
  return new ResourceBudget({ ...has, class: name, gpuNames: gpuNames(gpus, env['CUDA_VISIBLE_DEVICES']) });
}

/** @throws {UsageError} when no spec can name such a class */
export function checkedClass(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return name;
  throw invalid(`the class "${name.slice(0, 80)}"`, 'lower-case letters, digits and dashes, 1 to 63');
}

function gpuNames(gpus: number, visible: string | undefined): string[] {
  const named = (visible ?? '').split(',').flatMap((name) => name.trim() || []);
  if (named.length === 0) return Array.from({ length: gpus }, (_, index) => String(index));
  if (named.length >= gpus) return named.slice(0, gpus);
  throw invalid(`${gpus} gpus`, `at most ${named.length}, as CUDA_VISIBLE_DEVICES is ${named.join(',')}`);
}

function invalid(found: string, wanted: string): UsageError {
  return new UsageError(`Cannot declare ${found} for a worker: want ${wanted}`, {
    fix: 'perennial worker --class gpu --cpus 8 --memory 32GiB --gpus 1',
  });
}
