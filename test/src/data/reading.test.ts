import { describe, expect, it } from 'vitest';
import { defineModel } from '../../../src/define-model.js';
import { readingDigest } from '../../../src/data/reading.js';
import type { ModelSpecInput } from '../../../src/spec/spec.js';
import { toySpec } from '../../support/toy-data.js';

const spec = toySpec('toy', 'data');
// The toy's rules stand in its spec.
const contract = spec.contract as Exclude<ModelSpecInput['contract'], string | undefined>;
const columns = contract['visits']!.columns;
const digestOf = (changes: Partial<typeof spec>) =>
  readingDigest({ spec: defineModel({ ...spec, ...changes }) }, 'visits');
const contractOf = (price: (typeof columns)[string]) => ({ visits: { columns: { ...columns, price } } });

describe('readingDigest', () => {
  it('stays as it is when nothing changes that the reading depends on', () => {
    const same = digestOf({});
    expect(same).toMatch(/^[0-9a-f]{64}$/);
    expect(digestOf({ gate: { minimum: { rows: 1 } }, trainer: { seed: 1 } })).toBe(same);
    expect(digestOf({ task: { ...spec.task, features: ['price'] } })).toBe(same);
    const reversed = Object.fromEntries(Object.entries(columns).toReversed());
    expect(digestOf({ contract: { visits: { columns: reversed } } })).toBe(same);
  });

  it('is another one for another type, bound, format or event time, and without a contract', () => {
    const digests = [
      digestOf({}),
      digestOf({ contract: contractOf({ type: 'string' }) }),
      digestOf({ contract: contractOf({ type: 'number', max: 50 }) }),
      digestOf({ contract: {} }),
      digestOf({ sources: { visits: { kind: 'file', path: 'data', format: 'csv' } } }),
      digestOf({ contract: {}, task: { ...spec.task, eventTime: 'paid' } }),
      digestOf({ sources: { visits: { kind: 'file', path: 'data', eventTime: { column: 'paid' } } } }),
      digestOf({ sources: { visits: { kind: 'file', path: 'data', eventTime: { key: '{yyyy}' } } } }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });
});
