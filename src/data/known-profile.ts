import type { Column, SnapshotPart } from '../domain/data.js';
import type { ColumnProfile, TableProfile } from '../domain/profile.js';

/**
 * Which of the checked parts of a source to take the edges of these columns from: for each column the newest part that
 * has it, so mostly one part for all. Newest first.
 */
export function partsToFollow(
  checked: readonly SnapshotPart[],
  columns: readonly Column[],
): readonly (SnapshotPart & { readonly profile: NonNullable<SnapshotPart['profile']> })[] {
  const follow: (SnapshotPart & { readonly profile: NonNullable<SnapshotPart['profile']> })[] = [];
  let wanted = columns.map(keyOf);
  for (const part of checked.toSorted(newestFirst)) {
    const { profile } = part;
    const has = new Set(part.columns.map(keyOf));
    if (!profile || !wanted.some((column) => has.has(column))) continue;
    follow.push({ ...part, profile });
    wanted = wanted.filter((column) => !has.has(column));
    if (wanted.length === 0) break;
  }
  return follow;
}

/** What is known of a table after one more profile of it: columns stay as they were known first. */
export function withKnown(known: TableProfile | undefined, profile: TableProfile): TableProfile {
  const columns = new Map(known?.columns.map((column) => [keyOf(column), column]));
  for (const column of profile.columns) {
    const before = columns.get(keyOf(column));
    // A column without a single value had no edges to give.
    if (!before || isBare(before)) columns.set(keyOf(column), column);
  }
  return { rows: (known?.rows ?? 0) + profile.rows, columns: [...columns.values()] };
}

function keyOf({ name, type }: Column): string {
  return `${type} ${name}`;
}

function isBare({ rows, nulls }: ColumnProfile): boolean {
  return nulls === rows;
}

function newestFirst(a: SnapshotPart, b: SnapshotPart): number {
  const [left, right] = [a.to ?? a.object.id, b.to ?? b.object.id];
  return left < right ? 1 : left > right ? -1 : 0;
}
