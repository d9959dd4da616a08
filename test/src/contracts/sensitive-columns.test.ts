import { expect, test } from 'vitest';
import { sensitiveColumns, withoutValues } from '../../../src/contracts/sensitive-columns.js';
import type { ContractTable } from '../../../src/domain/contract.js';
import type { TableProfile } from '../../../src/domain/profile.js';

const column = (name: string, roles: ContractTable['columns'][number]['roles']) => ({
  name,
  roles,
  required: true,
  severity: 'block' as const,
});

test('a profile of sensitive columns, has their counts and none of their values', () => {
  const hidden = sensitiveColumns([
    { columns: [column('name', ['sensitive', 'id']), column('city', ['feature'])] },
    { columns: [column('salary', ['sensitive'])] },
  ]);
  const top = [{ value: 'Ann', count: 3 }];
  const counts = { count: 5, nans: 0, infinities: 0, zeros: 0, negatives: 0, mean: 60_000 };
  const histogram = { edges: [41_235], counts: [1, 4] };
  const profile: TableProfile = {
    rows: 5,
    columns: [
      { name: 'name', type: 'string', rows: 5, nulls: 1, distinct: 2, top },
      { name: 'city', type: 'string', rows: 5, nulls: 0, top },
      {
        name: 'salary',
        type: 'number',
        rows: 5,
        nulls: 0,
        numbers: { ...counts, min: 41_234, max: 98_765, histogram },
      },
    ],
  };

  expect(withoutValues(profile, hidden).columns).toEqual([
    { name: 'name', type: 'string', rows: 5, nulls: 1, distinct: 2 },
    { name: 'city', type: 'string', rows: 5, nulls: 0, top },
    { name: 'salary', type: 'number', rows: 5, nulls: 0, numbers: counts },
  ]);
});
