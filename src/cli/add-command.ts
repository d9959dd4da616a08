import { Option, type Command as Commander } from 'commander';
import { UsageError } from '../errors.js';
import { didYouMean } from '../spec/issues.js';
import type { Command, CommandContext, CommandGroup } from './command.js';
import { CONNECTION_OPTIONS, connectionGiven } from './connection-options.js';
import type { Screen } from './screen.js';

/** Runs a command; the caller adds the signal. */
export type Runner = (command: Command, context: Omit<CommandContext, 'signal'>) => Promise<void>;

/** Makes one of our commands, or a group of them with all its commands, a subcommand of commander's. */
export async function addCommand(
  program: Commander,
  command: Command | CommandGroup,
  screen: Screen,
  run: Runner,
): Promise<void> {
  if (!('commands' in command)) {
    addOne(program, program, command, screen, run);
    return;
  }
  const group = helpful(program.command(command.name), program, command);
  for (const load of Object.values(command.commands)) addOne(program, group, await load(), screen, run);
  group
    .usage('<command> [options]')
    .helpCommand(false)
    .argument('[command]')
    // Without an action commander would print the help and say nothing of what was wrong.
    .allowExcessArguments()
    .action(() => {
      const [word] = group.args;
      const guess = didYouMean(word, Object.keys(command.commands));
      const found = word === undefined ? 'found no command after it' : `unknown command '${word}'`;
      const want = `want one of ${Object.keys(command.commands).join(', ')}${guess}`;
      throw new UsageError(`Cannot run "${command.name}": ${found}, ${want}`, {
        fix: `See: ${program.name()} ${command.name} --help`,
      });
    });
}

function addOne(program: Commander, parent: Commander, command: Command, screen: Screen, run: Runner): void {
  const sub = helpful(parent.command(command.name), program, command);
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

function helpful(sub: Commander, program: Commander, command: Command | CommandGroup): Commander {
  return sub
    .summary(command.summary)
    .helpOption('-h, --help', 'say how it is used')
    .addHelpText('before', `${command.summary}\n\n${exampleText(program.name(), command.examples)}`)
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: () => program.options.filter((option) => isShown(option, command)),
    });
}

/** The lines that show how a command is typed. */
export function exampleText(program: string, examples: readonly string[]): string {
  return `Examples:\n${examples.map((example) => `  ${program} ${example}`).join('\n')}\n\n`;
}

function isShown(option: Option, command: Command | CommandGroup): boolean {
  if (option.long === '--version') return false;
  return (
    ('connects' in command && command.connects) ||
    !CONNECTION_OPTIONS.some(({ flags }) => flags.startsWith(`${option.long} `))
  );
}
