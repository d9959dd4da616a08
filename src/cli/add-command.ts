import { Option, type Command as Commander } from 'commander';
import { UsageError } from '../errors.js';
import type { Command, CommandContext } from './command.js';
import { CONNECTION_OPTIONS, connectionGiven } from './connection-options.js';
import type { Screen } from './screen.js';

/** Runs a command; the caller adds the signal. */
export type Runner = (command: Command, context: Omit<CommandContext, 'signal'>) => Promise<void>;

/** Makes one of our commands a subcommand of commander's. */
export function addCommand(program: Commander, command: Command, screen: Screen, run: Runner): void {
  const sub = program
    .command(command.name)
    .summary(command.summary)
    .helpOption('-h, --help', 'say how it is used')
    .addHelpText('before', `${command.summary}\n\n${exampleText(program.name(), command.examples)}`)
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: () => program.options.filter((option) => isShown(option, command)),
    });
  for (const { name, description } of command.arguments ?? []) sub.argument(name, description);
  for (const { flags, description } of command.options ?? []) sub.option(flags, description);
  sub.action(async () => {
    const options: Record<string, unknown> = sub.optsWithGlobals();
    const [extra] = command.connects === true ? [] : connectionGiven(options);
    if (extra !== undefined) {
      throw new UsageError(`Cannot run "${command.name}" with ${extra}: it connects to nothing`, {
        fix: `Leave ${extra} out`,
      });
    }
    await run(command, {
      words: sub.args,
      text: (option) => (typeof options[option] === 'string' ? options[option] : undefined),
      flag: (option) => options[option] === true,
      ...screen.context(),
    });
  });
}

/** The lines that show how a command is typed. */
export function exampleText(program: string, examples: readonly string[]): string {
  return `Examples:\n${examples.map((example) => `  ${program} ${example}`).join('\n')}\n\n`;
}

function isShown(option: Option, command: Command): boolean {
  if (option.long === '--version') return false;
  return command.connects === true || !CONNECTION_OPTIONS.some(({ flags }) => flags.startsWith(`${option.long} `));
}
