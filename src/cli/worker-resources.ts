import { sizeBytes } from '../domain/size.js';
import { UsageError } from '../errors.js';
import type { CommandContext, CommandOption } from './command.js';
import type { StartWorkerOptions } from './start-worker.js';

/** The options by which a worker declares what it has. */
export const RESOURCE_OPTIONS: readonly CommandOption[] = [
  {
    flags: '--class <names>',
    description: 'what kind of worker it is: cpu, gpu, ..., or several with commas; default: cpu',
  },
  { flags: '--cpus <number>', description: 'processors for trainings; default: those of the machine' },
  { flags: '--memory <size>', description: 'memory for trainings, such as 32GiB; default: that of the machine' },
  { flags: '--gpus <number>', description: 'GPUs for trainings; default: 0' },
];

/** @throws {UsageError} naming the option that cannot be */
export function resourcesOf(context: Pick<CommandContext, 'text'>): NonNullable<StartWorkerOptions['resources']> {
  const [classes, memory] = [context.text('class'), context.text('memory')];
  const [cpus, gpus] = [numberOf(context, 'cpus'), numberOf(context, 'gpus')];
  return {
    ...(classes !== undefined && { classes: [...new Set(classes.split(',').map((name) => name.trim()))] }),
    ...(cpus !== undefined && { cpus }),
    ...(memory !== undefined && { memoryBytes: memoryOf(memory) }),
    ...(gpus !== undefined && { gpus }),
  };
}

function numberOf(context: Pick<CommandContext, 'text'>, option: 'cpus' | 'gpus'): number | undefined {
  const text = context.text(option);
  if (text === undefined) return undefined;
  if (/^\d{1,6}(\.\d{1,6})?$/.test(text)) return Number(text);
  throw new UsageError(`Cannot use --${option} "${text.slice(0, 40)}": want a number`, { fix: `--${option} 2` });
}

function memoryOf(text: string): number {
  try {
    return sizeBytes(text);
  } catch (error) {
    throw new UsageError(`Cannot use --memory "${text.slice(0, 40)}": want a size such as 500MiB, 4GiB or 2GB`, {
      fix: '--memory 32GiB',
      cause: error,
    });
  }
}
