import { expect, it } from 'vitest';
import type { SearchState } from '../../src/domain/search.js';
import { plainCells } from '../support/plain-cells.js';
import { describeSearch } from '../../workflows/describe-search.js';

it('shows the best so far, the curve that led to it, and what was pruned', () => {
  const state: SearchState = {
    model: 'returns',
    run: 3,
    plan: { sampler: 'tpe', trials: 40, parallel: 1, metric: 'logLoss', direction: 'minimize' } as SearchState['plan'],
    trials: 40,
    startedAt: '2026-01-01T00:00:00Z',
    chunks: [],
    counts: { complete: 20, pruned: 4, failed: 1 },
    best: { number: 17, value: 0.31, parameters: { depth: 5 } },
    curve: [
      { number: 0, value: 0.51 },
      { number: 7, value: 0.41 },
      { number: 17, value: 0.31 },
    ],
    seconds: 61,
    money: 0,
  };
  const shown = plainCells(describeSearch(state));
  expect(shown).toContain('| done | `25` of `40` trials: `20` complete, `4` pruned, `1` failed |');
  expect(shown).toContain('| best so far | logLoss `0.31` in trial `17` |');
  expect(shown).toContain('| curve | `█▄▁` `0.51` (trial `0`), `0.41` (trial `7`), `0.31` (trial `17`) |');
  expect(shown).not.toContain('cost');
  const flat = describeSearch({ ...state, curve: [{ number: 0, value: 0.5 }] });
  expect(flat).not.toContain('curve');
});

it('tells what the trials cost in the currency of the spec, as every other place does', () => {
  const plan = { metric: 'logLoss', direction: 'minimize', currency: 'CHF' } as SearchState['plan'];
  const counts = { complete: 0, pruned: 0, failed: 0 };
  const state = { model: 'returns', run: 3, plan, trials: 4, counts, curve: [], seconds: 61 } as unknown as SearchState;
  expect(plainCells(describeSearch({ ...state, money: 12.5 }))).toContain('| cost | `12.50 CHF` |');
  expect(plainCells(describeSearch({ ...state, money: 0.0123 }))).toContain('| cost | `0.012 CHF` |');
});
