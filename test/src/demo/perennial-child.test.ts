import { expect, test } from 'vitest';
import { withoutWarnings } from '../../../src/demo/perennial-child.js';

test("a child's last words, are given without the warnings of Node", () => {
  const tail = [
    'Working on the task queue',
    '(node:17) MaxListenersExceededWarning: Possible EventTarget memory leak detected',
    '(Use `node --trace-warnings ...` to show where the warning was created)',
    'error STORE.UNAVAILABLE: Cannot read',
  ];
  expect(withoutWarnings(tail.join('\n'))).toBe('Working on the task queue\nerror STORE.UNAVAILABLE: Cannot read');
});
