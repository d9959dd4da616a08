import { shownValue, type Direction, type Trial } from '../domain/search.js';
import { searchCurve, shownRange } from './search-curve.js';

const HEIGHT = 10;

/** The curve of a search in characters: `·` a trial, `━` the best so far. Empty for a search without complete trials. */
export function searchPlot(trials: readonly Trial[], direction: Direction, width: number): string[] {
  const curve = searchCurve(trials, direction);
  const last = trials.at(-1)?.number ?? 0;
  if (curve.length === 0) return [];
  const [low, high] = shownRange(curve, direction);
  const labels = [high, low].map(shownValue);
  const margin = Math.max(...labels.map((label) => label.length));
  const columns = Math.max(10, Math.min(width - margin - 3, last + 1));
  const rows = Array.from({ length: HEIGHT }, () => Array.from({ length: columns }, () => ' '));
  const column = (number: number) => Math.min(columns - 1, Math.floor((number / (last + 1)) * columns));
  const row = (value: number) =>
    Math.round(((high - Math.min(high, Math.max(low, value))) / (high - low)) * (HEIGHT - 1));
  const put = (place: number, value: number, mark: string) => {
    const line = rows[row(value)];
    if (line) line[place] = mark;
  };
  for (const { number, value } of curve) put(column(number), value, '·');
  for (const [index, { number, best }] of curve.entries()) {
    const end = curve[index + 1]?.number ?? last + 1;
    for (
      let place = column(number);
      place < Math.max(column(number) + 1, Math.ceil((end / (last + 1)) * columns));
      place++
    )
      if (place < columns) put(place, best, '━');
  }
  const label = (index: number) => (index === 0 ? labels[0] : index === HEIGHT - 1 ? labels[1] : '');
  return [
    ...rows.map((marks, index) => `${(label(index) ?? '').padStart(margin)} │${marks.join('').trimEnd()}`),
    `${' '.repeat(margin)} └${'─'.repeat(columns)}`,
    `${' '.repeat(margin)}  trial 0${String(last).padStart(columns - 'trial 0'.length)}`,
  ];
}
