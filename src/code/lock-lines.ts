/** A line of a lock file that pins nothing, or reaches for what the lock does not hold. */
export interface LockProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** Options that say where packages come from, not which. */
const ALLOWED_OPTIONS =
  /^(--index-url|-i|--extra-index-url|--only-binary|--no-binary|--prefer-binary|--require-hashes)\b/;

/** The first line of a requirements file by which two machines could get different packages; undefined: there is none. */
export function lockProblem(text: string): LockProblem | undefined {
  for (const { line, words } of logicalLines(text)) {
    if (words.startsWith('-')) {
      if (ALLOWED_OPTIONS.test(words)) continue;
      return { line, message: `found the option "${shown(words)}", want packages with their hashes in this one file` };
    }
    if (!/\s--hash=sha256:[0-9a-f]{64}\b/.test(words)) {
      return { line, message: `found "${shown(words)}" without a hash, want --hash=sha256:... for every package` };
    }
  }
  return undefined;
}

/** Names of the packages that a requirements file pins, as Python compares them. */
export function lockedPackages(text: string): string[] {
  return logicalLines(text)
    .filter(({ words }) => !words.startsWith('-'))
    .map(({ words }) => (/^[A-Za-z0-9._-]+/.exec(words)?.[0] ?? '').toLowerCase().replaceAll(/[-_.]+/g, '-'));
}

/** Lines with those joined that end in a backslash, without comments and blank ones. */
function logicalLines(text: string): { readonly line: number; readonly words: string }[] {
  const found: { line: number; words: string }[] = [];
  let open = false;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const words = raw.replace(/(^|\s)#.*$/, '').trim();
    const goesOn = words.endsWith('\\');
    const plain = goesOn ? words.slice(0, -1).trim() : words;
    const last = found.at(-1);
    if (open && last) last.words = `${last.words} ${plain}`;
    else if (plain !== '') found.push({ line: index + 1, words: plain });
    open = goesOn;
  }
  return found;
}

function shown(words: string): string {
  return words.length > 60 ? `${words.slice(0, 57)}...` : words;
}
