import path from 'node:path';
import { Command as Commander, CommanderError } from 'commander';
import { UsageError } from '../errors.js';
import { addCommand, exampleText, type Runner } from './add-command.js';
import { COMMANDS } from './commands.js';
import { addConnectionOptions } from './connection-options.js';
import { EXIT_CODE_WORDS } from './exit-codes.js';
import { packageVersion } from './package-version.js';
import { Screen } from './screen.js';
import { watchSignals } from './signals.js';

/** Runs the program to its end: parses, runs one command, reports, and ends the process with the right exit code. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  const words = argv.slice(2);
  const screen = new Screen(words);
  const signals = watchSignals();
  let exitCode = 0;
  try {
    const program = await buildProgram(programName(argv[1]), words, screen, async (command, context) => {
      exitCode = (await command.run({ ...context, signal: signals.signal })) ?? 0;
    });
    if (words.length === 0) program.outputHelp();
    else await parse(program, words);
    exitCode = signals.exitCode(exitCode);
  } catch (error) {
    exitCode = signals.exitCodeAfterError() ?? screen.fail(error);
  }
  await screen.end(exitCode);
}

/** The program with its commands. Of these only the one that is called is loaded; for the list of all, all are. */
async function buildProgram(name: string, words: readonly string[], screen: Screen, run: Runner): Promise<Commander> {
  const program = new Commander(name)
    .usage('<command> [options]')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'say how it is used')
    .helpCommand(false)
    .option('--json', 'print one JSON document on stdout, errors too')
    .option('--no-color', 'no colours (also: NO_COLOR, FORCE_COLOR)')
    .exitOverride()
    .configureOutput(screen.commanderOutput())
    .addHelpText('before', `${SENTENCE}\n\n${exampleText(name, ['init', 'validate perennial.yaml'])}`)
    .addHelpText('after', exitCodeText());
  addConnectionOptions(program);
  // A word may be an option's value and a command's name at once, so all that could be meant are loaded.
  const called = Object.entries(COMMANDS).filter(([command]) => words.includes(command));
  const wanted = called.length > 0 ? called : Object.entries(COMMANDS);
  for (const command of await Promise.all(wanted.map(([, load]) => load()))) {
    await addCommand(program, command, screen, run);
  }
  return program;
}

async function parse(program: Commander, words: readonly string[]): Promise<void> {
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version were asked for and are printed.
    if (error.exitCode !== 0) throw usageError(error, program, words);
  }
}

/** Commander's finding in our frame. */
function usageError(error: CommanderError, program: Commander, words: readonly string[]): UsageError {
  const [unknown] = error.code === 'commander.help' ? program.parseOptions([...words]).unknown : [];
  const found = unknown === undefined ? 'found no command, want one' : `unknown option '${unknown}'`;
  const message = error.code === 'commander.help' ? found : error.message.replace(/^error: /, '');
  return new UsageError(`Cannot run this command line: ${message.replaceAll(/\s*\n\s*/g, ' ')}`, {
    fix: `See: ${[program.name(), ...calledNames(program, words), '--help'].join(' ')}`,
  });
}

/** The names of the command that was meant: of the group first. */
function calledNames(program: Commander, words: readonly string[]): string[] {
  const names: string[] = [];
  let at = program;
  for (const word of words) {
    const sub = at.commands.find((each) => each.name() === word);
    if (!sub) continue;
    names.push(word);
    at = sub;
  }
  return names;
}

/** `perennial`, or `temporal-perennial` when the program was started by that name. */
function programName(script: string | undefined): string {
  const base = path.basename(script ?? '').replace(/\.(m?js|ts|cmd)$/, '');
  return base === 'temporal-perennial' ? base : 'perennial';
}

const SENTENCE = 'Keeps models fresh: declare a model once, and it is trained, judged, served and retrained.';

function exitCodeText(): string {
  const lines = EXIT_CODE_WORDS.map(([code, words]) => `  ${String(code).padEnd(4)} ${words}`);
  return `\nExit codes:\n${lines.join('\n')}`;
}
