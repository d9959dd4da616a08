import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { CommandContext } from './command.js';

export interface TableOptions {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Titles of the columns whose text may be cut to fit the screen; ids and numbers never are. */
  readonly mayCut?: readonly string[];
}

const GAP = 2;
const LEAST = 12;

/** A plain table that fits the terminal; in a pipe nothing is cut. */
export function table(context: Pick<CommandContext, 'isTty' | 'width' | 'colours'>, options: TableOptions): string {
  const { head, rows, mayCut = [] } = options;
  const widths = head.map((title, index) => Math.max(...[title, ...rows.map((row) => row[index] ?? '')].map(length)));
  if (context.isTty) shrink(widths, head, mayCut, context.width);
  const made = new Table({
    colWidths: widths.map((width) => width + GAP),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
    chars: NO_LINES,
  });
  made.push(
    head.map((title) => context.colours.dim(title)),
    ...rows.map((row) => [...row]),
  );
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function shrink(widths: number[], head: readonly string[], mayCut: readonly string[], room: number): void {
  for (const [index, title] of head.entries()) {
    const over = widths.reduce((sum, width) => sum + width + GAP, 0) - GAP - room;
    const width = widths[index];
    if (over > 0 && width !== undefined && mayCut.includes(title)) {
      widths[index] = Math.max(width - over, Math.min(width, LEAST));
    }
  }
}

/** Characters that take room: colours do not. */
function length(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

const NO_LINES = Object.fromEntries(
  [
    ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ]
    .flat()
    .map((name) => [name, '']),
);
