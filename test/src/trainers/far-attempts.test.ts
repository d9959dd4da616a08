import { describe, expect, test } from 'vitest';
import { textCleaner } from '../../../src/trainers/clean-text.js';
import { FarAttempts } from '../../../src/trainers/far-attempts.js';

const begun = (worker: string, from?: number) => ({
  far: { begun: { worker, at: '2026-01-01T00:00:00.000Z', ...(from !== undefined && { from }) } },
});
const used = (cpuSeconds: number, peakMemoryBytes: number) => ({
  far: { used: { wallMs: 1000, cpuSeconds, peakMemoryBytes } },
});
const exit = (code: number) => ({ kind: 'exit', code }) as const;

function attempts(...lines: Readonly<Record<string, unknown>>[]): FarAttempts {
  const far = new FarAttempts(textCleaner(['correct horse']));
  for (const line of lines) far.hear(line);
  return far;
}

describe('attempts of a job on other machines', () => {
  test('one that another one follows, was lost; steps that both did, are repeated; all that they used, is counted', () => {
    const far = attempts(begun('1@one'), { step: 30 }, used(5, 200), begun('2@two', 25), { step: 60 }, used(3, 300));
    far.end({ ending: exit(0), usage: { cpuSeconds: 4, peakMemoryBytes: 300 } });
    expect(far.shown).toMatchObject([
      { attempt: 1, worker: '1@one', end: 'lost', steps: { done: 30, repeated: 0 }, usage: { cpuSeconds: 5 } },
      { attempt: 2, worker: '2@two', end: 'done', from: { step: 25 }, steps: { done: 35, repeated: 5 } },
    ]);
    expect(far.usage).toEqual({ cpuSeconds: 9, peakMemoryBytes: 300 });
  });

  test('one that says why it gave up, is believed, without secrets', () => {
    const over = { far: { over: 'stopped', why: 'told by correct horse\u0007' } };
    expect(attempts(begun('1@one'), over, begun('2@two')).shown).toMatchObject([
      { end: 'stopped', reason: 'told by ***' },
      {},
    ]);
  });

  test.each([
    [{ ending: exit(3) }, { end: 'failed', reason: 'it exited with code 3' }],
    [{ ending: { kind: 'timeout' } }, { end: 'timeout' }],
    [{ ending: { kind: 'signal', signal: 'SIGSEGV' } }, { end: 'failed', reason: 'it was ended by SIGSEGV' }],
    [
      { ending: exit(0), problem: 'there is no model' },
      { end: 'failed', reason: 'there is no model' },
    ],
    [
      { ending: { kind: 'signal', signal: 'SIGKILL' }, limit: { limit: 'memory', allowed: 1, found: 2 } },
      { end: 'failed', reason: 'it went over trainer.limits.memory' },
    ],
    [undefined, { end: 'lost' }],
  ] as const)('an end, %j, is told', (result, told) => {
    const far = attempts(begun('1@one'));
    far.end(result);
    expect(far.shown).toMatchObject([told]);
  });

  test('a far side that says nothing of attempts, is known by its host', () => {
    const far = attempts({ progress: 1, step: 4 });
    far.end({ ending: exit(0), host: 'gpu-1', usage: { cpuSeconds: 2 } });
    expect(far.shown).toEqual([{ attempt: 1, worker: 'gpu-1', end: 'done', usage: { cpuSeconds: 2 } }]);
  });

  test('what is no account of an attempt, is passed over', () => {
    const lines = [
      { far: 1 },
      { far: { begun: [] } },
      { far: { used: { cpuSeconds: 1 } } },
      { far: { over: 'failed' } },
    ];
    const far = attempts(...lines);
    expect(far.shown).toEqual([]);
    expect(attempts(begun('1@one'), { far: { used: { cpuSeconds: -1, wallMs: 'x' } } }).usage).toEqual({});
  });
});
