import type { Contract, ContractTable } from '../domain/contract.js';
import type { TableProfile } from '../domain/profile.js';

/** Names of the columns that are `sensitive` in these tables of a contract. */
export function sensitiveColumns(tables: Contract['tables'] | Pick<ContractTable, 'columns'>[]): ReadonlySet<string> {
  const all = Array.isArray(tables) ? tables : Object.values(tables);
  const sensitive = all.flatMap(({ columns }) => columns.filter(({ roles }) => roles.includes('sensitive')));
  return new Set(sensitive.map(({ name }) => name));
}

/** A profile that tells how values of these columns are distributed, and none of the values themselves. */
export function withoutValues(profile: TableProfile, hidden: ReadonlySet<string>): TableProfile {
  if (hidden.size === 0) return profile;
  const columns = profile.columns.map((column) => {
    if (!hidden.has(column.name)) return column;
    const { top: _values, ...rest } = column;
    return rest;
  });
  return { ...profile, columns };
}
