import type { ContractTable } from '../domain/contract.js';
import type { TableProfile } from '../domain/profile.js';

/** Names of the columns that are `sensitive` in these tables of a contract. */
export function sensitiveColumns(tables: readonly Pick<ContractTable, 'columns'>[]): ReadonlySet<string> {
  const sensitive = tables.flatMap(({ columns }) => columns.filter(({ roles }) => roles.includes('sensitive')));
  return new Set(sensitive.map(({ name }) => name));
}

/** A profile that counts these columns and tells none of their values: neither frequent ones, nor bounds, nor edges. */
export function withoutValues(profile: TableProfile, hidden: ReadonlySet<string>): TableProfile {
  if (hidden.size === 0) return profile;
  const columns = profile.columns.map((column) => {
    if (!hidden.has(column.name)) return column;
    const { top: _values, numbers, ...rest } = column;
    if (!numbers) return rest;
    const { min: _min, max: _max, histogram: _histogram, ...counts } = numbers;
    return { ...rest, numbers: counts };
  });
  return { ...profile, columns };
}
