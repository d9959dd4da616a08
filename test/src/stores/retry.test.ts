import { expect, test } from 'vitest';
import { retrying } from '../../../src/stores/retry.js';

const policy = { attempts: 4, baseMs: 1, capMs: 4 };
const always = (): boolean => true;

test('call that fails at times, is tried until it succeeds', async () => {
  const attempts: number[] = [];
  const result = await retrying(policy, undefined, always, async (attempt) => {
    attempts.push(attempt);
    if (attempt < 3) throw new Error('not yet');
    return 'done';
  });
  expect(result).toBe('done');
  expect(attempts).toEqual([1, 2, 3]);
});

test('call that always fails, ends with its last error after the attempts', async () => {
  let calls = 0;
  const call = retrying(policy, undefined, always, async (attempt) => {
    calls += 1;
    throw new Error(`attempt ${attempt}`);
  });
  await expect(call).rejects.toThrow('attempt 4');
  expect(calls).toBe(4);
});

test('error that will not heal, ends it at once', async () => {
  let calls = 0;
  const call = retrying(
    policy,
    undefined,
    () => false,
    async () => {
      calls += 1;
      throw new Error('never');
    },
  );
  await expect(call).rejects.toThrow('never');
  expect(calls).toBe(1);
});

test('abort while waiting, ends it with the reason and without another try', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  let calls = 0;
  const call = retrying({ attempts: 2, baseMs: 1e9, capMs: 1e9 }, controller.signal, always, async () => {
    calls += 1;
    setImmediate(() => controller.abort(reason));
    throw new Error('first');
  });
  await expect(call).rejects.toBe(reason);
  expect(calls).toBe(1);
});
