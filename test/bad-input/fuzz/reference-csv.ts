/** Rows of text; null for an empty value. */
export type TextRows = (string | null)[][];

/**
 * Reads CSV in the plainest way: what a correct reader makes of the text, or undefined for what is no CSV. Values in quotes
 * may have spaces around them, and one delimiter may stand behind the last value.
 */
export function referenceCsv(bytes: Buffer, delimiter: string): { names: string[]; rows: TextRows } | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
  if (text.includes('\0')) return undefined;
  const records = recordsOf(text, delimiter);
  const [names, ...rest] = records ?? [];
  if (!names || names.some((name) => name === '')) return undefined;
  const rows: TextRows = [];
  for (const record of rest) {
    if (record.length === 1 && record[0] === '' && names.length > 1) continue;
    if (record.length === names.length + 1 && record.at(-1) === '') record.pop();
    if (record.length !== names.length) return undefined;
    rows.push(record.map((value) => (value === '' ? null : value)));
  }
  return { names, rows };
}

function recordsOf(text: string, delimiter: string): string[][] | undefined {
  const records: string[][] = [];
  let record: string[] = [];
  for (let at = 0; at <= text.length;) {
    const value = valueAt(text, at, delimiter);
    if (!value) return undefined;
    record.push(value.text);
    at = value.end;
    if (text[at] === delimiter) {
      at += 1;
      continue;
    }
    records.push(record);
    record = [];
    if (at >= text.length) break;
    at += text.startsWith('\r\n', at) ? 2 : 1;
    if (at === text.length) break;
  }
  return records;
}

function valueAt(text: string, start: number, delimiter: string): { text: string; end: number } | undefined {
  const ends = (at: number) => at >= text.length || text[at] === delimiter || text[at] === '\n' || text[at] === '\r';
  let at = start;
  while (text[at] === ' ') at += 1;
  if (text[at] !== '"') {
    at = start;
    while (!ends(at)) at += 1;
    return { text: text.slice(start, at), end: at };
  }
  let value = '';
  for (at += 1; text[at] !== '"' || text[at + 1] === '"'; at += 1) {
    if (at >= text.length) return undefined;
    if (text[at] === '"') at += 1;
    value += text[at] ?? '';
  }
  at += 1;
  while (text[at] === ' ' && !ends(at)) at += 1;
  return ends(at) ? { text: value, end: at } : undefined;
}
