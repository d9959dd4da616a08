import type { Command as Commander } from 'commander';
import type { CommandContext, CommandOption } from './command.js';
import { readDevSession, type DevSession } from './dev-session.js';

/** Where a command finds Temporal and the store. */
export interface Connection {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  /** Address of the store; undefined when nobody named one. */
  readonly store: string | undefined;
  /** The environment with what a running `perennial dev` adds to it: the store's credentials, above all. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True when Temporal and the store are those of a running `perennial dev`. */
  readonly fromDev: boolean;
}

interface ConnectionOption extends CommandOption {
  /** The option's name in camel case. */
  readonly name: 'address' | 'namespace' | 'taskQueue' | 'store';
  readonly variable: string;
  readonly fallback?: string;
}

/** The options that say where Temporal and the store are; each can be given by a variable of the environment too. */
export const CONNECTION_OPTIONS: readonly ConnectionOption[] = [
  option('address', '--address <host:port>', 'TEMPORAL_ADDRESS', 'Temporal server', '127.0.0.1:7233'),
  option('namespace', '--namespace <name>', 'TEMPORAL_NAMESPACE', 'Temporal namespace', 'default'),
  option('taskQueue', '--task-queue <name>', 'PERENNIAL_TASK_QUEUE', 'queue of the workers', 'perennial'),
  option('store', '--store <where>', 'PERENNIAL_STORE', 'artifact store: http://host:port/bucket or folder:PATH'),
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

/**
 * What the flags say, then the environment, then a `perennial dev` that runs in this folder or above it, then the
 * defaults. Of one flag alone (`--address` or `--store`) such a session fills in the other. Variables that name either,
 * or both flags, leave it out: a shell that is set up for another place must not get half of this one by surprise.
 */
export function connectionOf(context: Pick<CommandContext, 'text' | 'env'>): Connection {
  const flags = ['address', 'store'].filter((name) => nonEmpty(context.text(name)) !== undefined);
  const session = flags.length === 2 || isNamed(context.env) ? undefined : readDevSession(process.cwd());
  const env = { ...sessionEnv(session, context.text('store')), ...context.env };
  const valueOf = (name: ConnectionOption['name']): string | undefined => {
    const { variable, fallback } = CONNECTION_OPTIONS.find((each) => each.name === name) ?? {};
    return nonEmpty(context.text(name)) ?? nonEmpty(variable && env[variable]) ?? fallback;
  };
  return {
    address: valueOf('address') ?? '',
    namespace: valueOf('namespace') ?? '',
    taskQueue: valueOf('taskQueue') ?? '',
    store: valueOf('store'),
    env,
    fromDev: session !== undefined && flags.length === 0,
  };
}

/** The session's variables, without its store's credentials when another store is meant: they are not for that one. */
function sessionEnv(session: DevSession | undefined, store: string | undefined): DevSession['env'] {
  const env = session?.env ?? {};
  if (nonEmpty(store) === undefined || store === env['PERENNIAL_STORE']) return env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^PERENNIAL_(?:STORE|S3_)/.test(name)));
}

function isNamed(env: CommandContext['env']): boolean {
  return nonEmpty(env['TEMPORAL_ADDRESS']) !== undefined || nonEmpty(env['PERENNIAL_STORE']) !== undefined;
}

function option(
  name: ConnectionOption['name'],
  flags: string,
  variable: string,
  what: string,
  fallback?: string,
): ConnectionOption {
  const hint = fallback === undefined ? `(also: ${variable})` : `(also: ${variable}; default: ${fallback})`;
  return { name, flags, variable, description: `${what} ${hint}`, ...(fallback === undefined ? {} : { fallback }) };
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
