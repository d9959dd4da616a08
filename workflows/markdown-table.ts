/**
 * A Markdown table for the Temporal UI, which sets its cells side by side without a gap: each but the last ends with one, and
 * with a mark of no width, as spaces at the end of a cell are taken away.
 *
 * @param cells without pipes and line ends
 */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(`${GAP} | `)} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

const GAP = '\u2003\u200B';
