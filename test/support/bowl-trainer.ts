import type { Trial } from '../../src/domain/search.js';
import type { Trainer, TrialsCallbacks, TrialsJob } from '../../src/trainers/trainer.js';

/** A trainer of trials that take no time: how far `x` and `y` are from 1 and 2. */
export class BowlTrainer implements Trainer {
  readonly kind = 'bowl';
  /** Numbers of the trials that were run, in their order. */
  readonly ran: number[] = [];
  readonly #slow: ((number: number, signal: AbortSignal) => Promise<void>) | undefined;

  /** @param slow waited for before each trial ends */
  constructor(slow?: (number: number, signal: AbortSignal) => Promise<void>) {
    this.#slow = slow;
  }

  async identity(): Promise<readonly string[]> {
    return ['bowl 1'];
  }

  async trials({ trials, seconds }: TrialsJob, { trial, signal }: TrialsCallbacks): Promise<void> {
    const until = performance.now() + seconds * 1000;
    for (const { number, parameters = {} } of trials) {
      this.ran.push(number);
      await this.#slow?.(number, signal);
      signal.throwIfAborted();
      trial(bowlTrial(number, parameters));
      if (performance.now() >= until) return;
    }
  }

  train(): never {
    throw new Error('Cannot train: a bowl only tries');
  }
}

function bowlTrial(number: number, parameters: Trial['parameters']): Trial {
  const at = (name: string) => Number(parameters[name] ?? 0);
  if (at('x') > 9) return { number, parameters, state: 'failed', reason: 'x is too large', seconds: 0.001 };
  const value = (at('x') - 1) ** 2 + (at('y') - 2) ** 2;
  return { number, parameters, state: 'complete', value, seconds: 0.001 };
}
