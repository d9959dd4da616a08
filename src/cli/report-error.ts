import { readFileSync, statSync } from 'node:fs';
import type { Colors } from 'picocolors/types.js';
import { PerennialError, SpecInvalidError } from '../errors.js';
import { formatProblems } from '../spec/problems.js';
import { EXIT_CODES, exitCodeOf } from './exit-codes.js';

/** An error as `--json` prints it, and as people read it. */
export interface ErrorReport {
  readonly exitCode: number;
  readonly document: {
    readonly schemaVersion: 1;
    readonly error: {
      readonly code: string;
      readonly message: string;
      readonly fix?: string;
      readonly details: Readonly<Record<string, unknown>>;
      readonly docs: string;
    };
  };
  readonly text: string;
}

export interface ReportOptions {
  readonly colours: Colors;
  readonly width: number;
  /** With PERENNIAL_DEBUG=1: stacks and causes, for people who work on Perennial. */
  readonly debug: boolean;
}

/** Says what went wrong, why, where and what to do; never a stack trace unless asked for. */
export function reportError(error: unknown, options: ReportOptions): ErrorReport {
  const known = asPerennialError(error);
  const report = known ? reportKnown(known, options) : reportUnknown(error, options);
  return options.debug ? { ...report, text: `${report.text}\n${stackOf(error)}` } : report;
}

/** The page and section that explain an error code. */
export function docsFor(code: string): string {
  return `docs/errors.md#${code.toLowerCase().replaceAll('.', '')}`;
}

function reportKnown(error: PerennialError, options: ReportOptions): ErrorReport {
  const { code, message, fix, details } = error;
  const docs = docsFor(code);
  const { colours } = options;
  const lines = [`${colours.red('error')} ${colours.bold(code)}: ${message}`];
  if (error instanceof SpecInvalidError || code === 'SPEC.INVALID') {
    lines[0] = `${colours.red('error')} ${colours.bold(code)}: ${countOf(error)}`;
    lines.unshift(problemsOf(error, options), '');
  } else {
    const why = whyOf(error);
    if (why !== undefined) lines.push(`  why: ${why}`);
    const where = whereOf(details, message);
    if (where !== '') lines.push(`  where: ${where}`);
  }
  if (fix !== undefined) lines.push(`  fix: ${fix}`);
  lines.push(`  more: ${docs}`);
  return {
    exitCode: exitCodeOf(code),
    document: {
      schemaVersion: 1,
      error: { code, message, ...(fix === undefined ? {} : { fix }), details, docs },
    },
    text: lines.join('\n'),
  };
}

function reportUnknown(error: unknown, { colours }: ReportOptions): ErrorReport {
  const message = error instanceof Error ? oneLine(`${error.name}: ${error.message}`) : oneLine(String(error));
  const fix = 'This should not happen. Run it again with PERENNIAL_DEBUG=1 and report what it prints.';
  const docs = 'docs/errors.md#anything-else';
  return {
    exitCode: EXIT_CODES.bug,
    document: { schemaVersion: 1, error: { code: 'INTERNAL', message, fix, details: {}, docs } },
    text: [`${colours.red('error')}: ${message}`, `  fix: ${fix}`, `  more: ${docs}`].join('\n'),
  };
}

/** Errors of another copy of this package (a spec module's own) count as well. */
function asPerennialError(error: unknown): PerennialError | undefined {
  if (error instanceof PerennialError) return error;
  const { code, next, details } = (error ?? {}) as Partial<PerennialError>;
  const fits = error instanceof Error && typeof code === 'string' && typeof next === 'string' && details !== undefined;
  return fits ? (error as PerennialError) : undefined;
}

function countOf(error: PerennialError): string {
  const problems = problemList(error);
  const file = problems[0]?.file;
  const count = `${problems.length} problem${problems.length === 1 ? '' : 's'}`;
  return file === undefined ? count : `${count} in ${file}`;
}

function problemList(error: PerennialError): SpecInvalidError['problems'] {
  return (error.details['problems'] as SpecInvalidError['problems'] | undefined) ?? [];
}

function problemsOf(error: PerennialError, { colours, width }: ReportOptions): string {
  return formatProblems(problemList(error), {
    width,
    textOf: textOfFile,
    paint: (part, text) =>
      part === 'place' ? colours.cyan(text) : part === 'mark' ? colours.yellow(text) : colours.dim(text),
  });
}

function textOfFile(file: string): string | undefined {
  try {
    const stat = statSync(file);
    return stat.isFile() && stat.size <= 1024 * 1024 ? readFileSync(file, 'utf8').replace(/^\ufeff/, '') : undefined;
  } catch {
    return undefined;
  }
}

function whyOf(error: Error): string | undefined {
  const { cause } = error;
  if (!(cause instanceof Error) || error.message.includes(cause.message)) return undefined;
  return oneLine(cause.message);
}

/** What finds the thing and is not in the message already. */
function whereOf(details: Readonly<Record<string, unknown>>, message: string): string {
  return Object.entries(details)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && !message.includes(String(value)))
    .map(([key, value]) => `${key} ${oneLine(String(value))}`)
    .join(', ');
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 500 ? `${line.slice(0, 497)}...` : line;
}

function stackOf(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error && parts.length < 5; at = at.cause) parts.push(at.stack ?? at.message);
  return parts.join('\ncaused by: ');
}
