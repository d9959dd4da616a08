import { SpecInvalidError, type SpecProblem } from '../errors.js';

/**
 * The error for a spec with problems: its message gives the first and says how many more there are.
 *
 * @param what what cannot be used: `model spec "churn"`
 * @param options the spec's file, where problems may be in a file that it names; or another next step
 */
export function specInvalid(
  what: string,
  problems: readonly SpecProblem[],
  options: { readonly spec?: string; readonly fix?: string } = {},
): SpecInvalidError {
  const [first] = problems;
  const place = first ? [placeText(first), first.path].filter((part) => part !== '').join(' ') : '';
  const lead = first ? `${place === '' ? '' : `${place}: `}${first.message}` : 'no problem was named';
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new SpecInvalidError(`Cannot use ${what}: ${lead}${more}`, problems, {
    fix: options.fix ?? fixFor(problems, options.spec),
  });
}

/** `file:line:column`, as much of it as is known. */
export function placeText({ file, line, column }: SpecProblem): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

function fixFor(problems: readonly SpecProblem[], spec: string | undefined): string {
  const file = spec ?? problems[0]?.file;
  const many = problems.length > 1 ? 'these places' : 'this place';
  return file === undefined ? `Change ${many}.` : `Change ${many}, then: perennial validate ${file}`;
}
