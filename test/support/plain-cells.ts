/** A text of ours for the Temporal UI, without the gaps that its tables have there. */
export function plainCells(markdown = ''): string {
  return markdown.replaceAll('\u2003\u200B', '');
}
