import { pathText, type SpecIssue } from '../spec/path.js';

/** Notes as lines for people: what is the same in many places is said once, with the first places. */
export function noteLines(notes: readonly SpecIssue[]): string[] {
  const places = new Map<string, string[]>();
  for (const { path, message } of notes) {
    const at = places.get(message);
    if (at) at.push(pathText(path));
    else places.set(message, [pathText(path)]);
  }
  return [...places].map(([message, at]) => {
    const more = at.length > SHOWN ? ` and ${at.length - SHOWN} more` : '';
    return `${message} (${at.slice(0, SHOWN).join(', ')}${more})`;
  });
}

const SHOWN = 3;
