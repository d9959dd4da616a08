import { expect, it } from 'vitest';
import { TrainingLog } from '../../activities/training-log.js';

it('a training log keeps beginning and end of a flood, says how much is between, and knows the last line', () => {
  const log = new TrainingLog();
  const line = 'x'.repeat(200);
  for (let count = 0; count < 100_000; count += 1) log.add(`${count} ${line}`);
  const { text } = log;
  expect(text.length).toBeLessThan(4.1 * 2 ** 20);
  const lines = text.split('\n').slice(0, -1);
  const gap = lines.findIndex((each) => each.startsWith('... '));
  const dropped = Number(/^\.\.\. (\d+) lines/.exec(lines[gap] ?? '')?.[1]);
  expect(lines[0]).toBe(`0 ${line}`);
  expect(lines[gap + 1]).toBe(`${gap + dropped} ${line}`);
  expect(lines.at(-1)).toBe(`99999 ${line}`);
  expect(log.last).toBe(`99999 ${line}`);
});

it('a training log of a few lines is what was said', () => {
  const log = new TrainingLog();
  expect(log.text).toBe('');
  log.add('one');
  log.add('');
  log.add('three');
  expect(log.text).toBe('one\n\nthree\n');
});
