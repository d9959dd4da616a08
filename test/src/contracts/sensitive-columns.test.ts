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
  const hidden = sensitiveColumns({
    people: { columns: [column('name', ['sensitive', 'id']), column('city', ['feature'])], checks: [] },
  });
  const top = [{ value: 'Ann', count: 3 }];
  const profile: TableProfile = {
    rows: 5,
    columns: [
      { name: 'name', type: 'string', rows: 5, nulls: 1, distinct: 2, top },
      { name: 'city', type: 'string', rows: 5, nulls: 0, top },
    ],
  };

  expect(withoutValues(profile, hidden).columns).toEqual([
    { name: 'name', type: 'string', rows: 5, nulls: 1, distinct: 2 },
    { name: 'city', type: 'string', rows: 5, nulls: 0, top },
  ]);
});
