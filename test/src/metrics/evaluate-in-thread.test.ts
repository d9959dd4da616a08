import { describe, expect, it } from 'vitest';
import { ModelUnusableError } from '../../../src/errors.js';
import { evaluateInThread } from '../../../src/metrics/evaluate-in-thread.js';
import { evaluateModels } from '../../../src/metrics/evaluate-models.js';
import { simulatedRows } from './simulated-rows.js';

const input = simulatedRows({ seed: 1, blocks: 40, rowsPerBlock: 10 });

describe('evaluateInThread', () => {
  it('gives what evaluateModels gives, and leaves the arrays with the caller', async () => {
    await expect(evaluateInThread(input)).resolves.toEqual(evaluateModels(input));
    expect(input.labels).toHaveLength(400);
  });

  it('leaves the event loop free', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await evaluateInThread({ ...input, resamples: 10_000 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  it('rejects with the reason of an abort, before and while it runs', async () => {
    const reason = new Error('the run was cancelled');
    await expect(evaluateInThread(input, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const abort = new AbortController();
    const running = evaluateInThread({ ...input, resamples: 3_000_000 }, { signal: abort.signal });
    setTimeout(() => abort.abort(reason), 20);
    await expect(running).rejects.toBe(reason);
  });

  it('throws the typed errors of evaluateModels', async () => {
    const models = { candidate: input.models.candidate.with(3, 2) };
    await expect(evaluateInThread({ ...input, models })).rejects.toThrow(ModelUnusableError);
  });
});
