import { expect, test } from 'vitest';
import { coloursFor } from '../../../src/cli/colours.js';
import { searchText } from '../../../src/cli/search-text.js';
import type { SearchReport } from '../../../src/searches.js';
import { plainSearch } from '../../support/studies.js';

const screen = { isTty: false, width: 80, colours: coloursFor({ isTty: false, env: {}, wanted: false }) };
const report: SearchReport = {
  model: 'toy',
  run: 3,
  search: plainSearch('toy', 'a'.repeat(64)),
  trials: [],
  counts: { complete: 0, pruned: 0, failed: 0 },
  seconds: 90.4,
  money: 0.0123,
};
const cost = (more: Partial<SearchReport>) => /^ {2}cost.*$/m.exec(searchText(screen, { ...report, ...more }))?.[0];

test('what a search cost is shown as the cost of a run is: with its currency', () => {
  expect(cost({ currency: 'CHF' })).toBe('  cost      0.012 CHF');
  expect(cost({ currency: 'CHF', money: 12.5 })).toBe('  cost      12.50 CHF');
});

test('without rates a search has no cost, and with a lost spec no currency', () => {
  expect(cost({ money: 0 })).toBeUndefined();
  expect(cost({})).toBe('  cost      0.012');
});
