import type { SpecProblem } from '../errors.js';
import { placeText } from './invalid.js';
import { visible } from './path.js';

export interface FormatOptions {
  /** The text of a file that problems name, for the code frame; undefined when there is none. */
  readonly textOf?: (file: string) => string | undefined;
  /** Paints a part; default: as it is. */
  readonly paint?: (part: 'place' | 'mark' | 'dim', text: string) => string;
  /** Problems shown in full before "and N more". Default 20. */
  readonly limit?: number;
  /** Columns of the screen; source lines are cut to fit. Default 100. */
  readonly width?: number;
}

/** Problems as people read them: place, path, message, and the lines of the file around it. */
export function formatProblems(problems: readonly SpecProblem[], options: FormatOptions = {}): string {
  const { limit = 20 } = options;
  const shown = problems.slice(0, limit).map((problem) => formatProblem(problem, options));
  if (problems.length > limit) shown.push(`and ${problems.length - limit} more`);
  return shown.join('\n\n');
}

function formatProblem(problem: SpecProblem, options: FormatOptions): string {
  const { paint = (_, text) => text, textOf, width = 100 } = options;
  const place = placeText(problem);
  const lead = [place === '' ? '' : paint('place', place), problem.path === '' ? '' : paint('mark', problem.path)];
  const head = [...lead, problem.message].filter((part) => part !== '').join('  ');
  const text = problem.file === undefined || problem.line === undefined ? undefined : textOf?.(problem.file);
  if (text === undefined || problem.line === undefined) return head;
  return `${head}\n${codeFrame(text, problem.line, problem.column ?? 1, width, paint)}`;
}

/** Two lines before, the line, a mark under the word, one line after. */
function codeFrame(
  text: string,
  line: number,
  column: number,
  width: number,
  paint: NonNullable<FormatOptions['paint']>,
): string {
  const lines = text.split(/\r?\n/);
  const last = Math.min(line + 1, lines.length);
  const digits = String(last).length;
  const room = Math.max(width - digits - 6, 20);
  // A very long line is shown from shortly before the mark.
  const from = column > room - 10 ? column - 20 : 0;
  const out: string[] = [];
  for (let number = Math.max(line - 2, 1); number <= last; number += 1) {
    const source = (lines[number - 1] ?? '').slice(from, from + room).replaceAll('\t', ' ');
    const isHere = number === line;
    const gutter = `${isHere ? '>' : ' '} ${String(number).padStart(digits)} |`;
    out.push(`${paint(isHere ? 'mark' : 'dim', gutter)} ${visible(source)}`.trimEnd());
    if (!isHere) continue;
    const before = visible(source.slice(0, Math.max(column - 1 - from, 0))).length;
    const word = /^("[^"]*"|'[^']*'|[^\s,:\]}]+)/.exec(source.slice(column - 1 - from))?.[0] ?? ' ';
    const under = `${' '.repeat(before)}${'^'.repeat(Math.max(Math.min(visible(word).length, room - before), 1))}`;
    out.push(`${paint('dim', `  ${' '.repeat(digits)} |`)} ${paint('mark', under)}`);
  }
  return out.join('\n');
}
