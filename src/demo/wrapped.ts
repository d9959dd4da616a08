/** Breaks lines that are too long between words; what follows stands below the line's own text, not below its label. */
export function wrapped(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => wrappedLine(line, columns))
    .join('\n');
}

/** Indentation, and a label of one or two words when a column's gap follows it. */
const LEAD = /^ *(?:\S+(?: \S+)? {2,})?/;

function wrappedLine(line: string, columns: number): string {
  const lead = LEAD.exec(line)?.[0].length ?? 0;
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const before = rest.lastIndexOf(' ', columns);
    // A word that is too long, an address say, stays whole.
    const at = before > lead ? before : rest.indexOf(' ', columns);
    if (at < 0) break;
    lines.push(rest.slice(0, at));
    rest = ' '.repeat(lead) + rest.slice(at + 1);
  }
  return [...lines, rest].join('\n');
}
