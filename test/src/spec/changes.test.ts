import { describe, expect, it } from 'vitest';
import { defineModel } from '../../../src/define-model.js';
import type { ModelSpecInput, StoredSpec } from '../../../src/spec/spec.js';
import { specChanges } from '../../../src/spec/changes.js';
import { toySpec } from '../../support/toy-data.js';

const stored = (changes: Partial<ModelSpecInput> = {}, more: Partial<StoredSpec> = {}): StoredSpec => ({
  spec: defineModel(toySpec('toy', '/data', changes)),
  ...more,
});
const code = (sha256: string): StoredSpec['code'] => ({
  ref: { key: `blobs/${sha256}`, sha256, bytes: 1 },
  files: 1,
});

describe('specChanges', () => {
  it('finds nothing between equal specs, however their members are ordered', () => {
    const { spec } = stored();
    const turned = Object.fromEntries(Object.entries(spec).toReversed()) as unknown as StoredSpec['spec'];
    expect(specChanges(stored(), { spec: turned })).toEqual([]);
  });

  it('names parts by one or two keys, in the order of the new spec', () => {
    const trainer = { parameters: { max_iter: 21 } };
    const after = stored({ gate: { minimum: { rows: 7 } }, trainer, version: 1 });
    expect(specChanges(stored(), after)).toEqual(['trainer.parameters', 'gate.minimum']);
  });

  it('names a part that has come or gone as a whole, and a source by its name', () => {
    const search = { trials: 4, space: { learning_rate: { type: 'float', low: 0.1, high: 1 } } } as const;
    expect(specChanges(stored(), stored({ search }))).toEqual(['search']);
    expect(specChanges(stored({ search }), stored())).toEqual(['search']);
    const sources = { visits: { kind: 'file', path: '/elsewhere' } } as const;
    expect(specChanges(stored(), stored({ sources }))).toEqual(['sources.visits']);
  });

  it('counts SQL, contract file and code as the part that names them', () => {
    const before = stored({}, { prepareSql: 'SELECT 1', contractFile: { version: '1' }, code: code('a')! });
    const after = stored({}, { prepareSql: 'SELECT 2', contractFile: { version: '2' }, code: code('b')! });
    expect(specChanges(before, before)).toEqual([]);
    expect(specChanges(before, after)).toEqual(['prepare', 'contract', 'trainer.code']);
  });
});
