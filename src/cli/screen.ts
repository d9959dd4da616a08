import type { OutputConfiguration } from 'commander';
import type { CommandContext } from './command.js';
import { coloursFor } from './colours.js';
import { npxText } from './npx-text.js';
import { reportError } from './report-error.js';

/** The two streams of the process, used as the command line asked for it. */
export class Screen {
  readonly json: boolean;
  private readonly wantsColour: boolean;

  constructor(words: readonly string[]) {
    // Read before the command line is parsed: an error in it must already come in the right form.
    const end = words.indexOf('--');
    const options = end < 0 ? words : words.slice(0, end);
    this.json = options.includes('--json');
    this.wantsColour = !options.includes('--no-color');
    for (const stream of [process.stdout, process.stderr]) stream.on('error', endQuietly);
  }

  /** The part of a command's context that the screen gives. */
  context(): Omit<CommandContext, 'words' | 'text' | 'flag' | 'signal'> {
    return {
      json: this.json,
      isTty: process.stdout.isTTY,
      width: widthOf(process.stdout),
      colours: coloursFor({ isTty: process.stdout.isTTY, env: process.env, wanted: this.wantsColour && !this.json }),
      env: process.env,
      out: (text) => write(process.stdout, text),
      note: (text) => write(process.stderr, npxText(text, process.env)),
      answer: (document, text) => {
        const shown = this.json
          ? JSON.stringify({ schemaVersion: 1, ...document }, null, 2)
          : npxText(text(), process.env);
        write(process.stdout, shown);
      },
    };
  }

  /** Reports an error in the form that was asked for; gives the exit code. */
  fail(error: unknown): number {
    const debug = process.env['PERENNIAL_DEBUG'] === '1';
    const colours = coloursFor({ isTty: process.stderr.isTTY, env: process.env, wanted: this.wantsColour });
    const report = reportError(error, { colours, width: widthOf(process.stderr), debug });
    if (this.json) write(process.stdout, JSON.stringify(report.document, null, 2));
    if (!this.json || debug) write(process.stderr, npxText(report.text, process.env));
    return report.exitCode;
  }

  /** Commander prints help through us, and its errors not at all: `fail` does. */
  commanderOutput(): OutputConfiguration {
    return {
      writeOut: (text) => write(process.stdout, npxText(text.trimEnd(), process.env)),
      writeErr: () => {},
      getOutHelpWidth: () => widthOf(process.stdout),
      getOutHasColors: () => false,
    };
  }

  /** Ends the process once everything is written, whatever timers or sockets a library may have left open. */
  async end(exitCode: number): Promise<never> {
    await Promise.all([process.stdout, process.stderr].map((stream) => drained(stream)));
    process.exit(exitCode);
  }
}

function write(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${text}\n`);
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

function widthOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? Math.max(stream.columns, 40) : 80;
}

/** Whoever read us has gone (`| head`): nothing is left to say, and that is no failure. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
