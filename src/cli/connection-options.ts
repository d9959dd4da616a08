import type { Command as Commander } from 'commander';
import type { CommandContext, CommandOption } from './command.js';

/** Where a command finds Temporal and the store. */
export interface Connection {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** As given; undefined for the default of whoever opens it. */
  readonly store: string | undefined;
}

interface ConnectionOption extends CommandOption {
  /** The option's name in camel case. */
  readonly name: 'address' | 'namespace' | 'taskQueue' | 'store';
  readonly variable: string;
}

/** The options that say where Temporal and the store are; each can be given by a variable of the environment too. */
export const CONNECTION_OPTIONS: readonly ConnectionOption[] = [
  option('address', '--address <host:port>', 'TEMPORAL_ADDRESS', 'Temporal server', '127.0.0.1:7233'),
  option('namespace', '--namespace <name>', 'TEMPORAL_NAMESPACE', 'Temporal namespace', 'default'),
  option('taskQueue', '--task-queue <name>', 'PERENNIAL_TASK_QUEUE', 'queue of the workers', 'perennial'),
  option('store', '--store <url>', 'PERENNIAL_STORE', 'artifact store: a folder, or an S3 address and bucket'),
];

/** Adds them to the program: they may stand before and after the command. */
export function addConnectionOptions(program: Commander): void {
  for (const { flags, description } of CONNECTION_OPTIONS) program.option(flags, description);
}

/** The long flags of those that were given on the command line. */
export function connectionGiven(options: Readonly<Record<string, unknown>>): string[] {
  return CONNECTION_OPTIONS.filter(({ name }) => options[name] !== undefined).map(
    ({ flags }) => flags.split(' ')[0] ?? flags,
  );
}

/** What the flags say, then the environment, then the defaults. */
export function connectionOf(context: Pick<CommandContext, 'text' | 'env'>): Connection {
  const given = (name: ConnectionOption['name'], variable: string) =>
    nonEmpty(context.text(name)) ?? nonEmpty(context.env[variable]);
  return {
    address: given('address', 'TEMPORAL_ADDRESS') ?? '127.0.0.1:7233',
    namespace: given('namespace', 'TEMPORAL_NAMESPACE') ?? 'default',
    taskQueue: given('taskQueue', 'PERENNIAL_TASK_QUEUE') ?? 'perennial',
    store: given('store', 'PERENNIAL_STORE'),
  };
}

function option(
  name: ConnectionOption['name'],
  flags: string,
  variable: string,
  what: string,
  fallback?: string,
): ConnectionOption {
  const hint = fallback === undefined ? `(also: ${variable})` : `(also: ${variable}; default: ${fallback})`;
  return { name, flags, variable, description: `${what} ${hint}` };
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
