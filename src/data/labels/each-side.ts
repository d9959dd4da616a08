import { SIDES, type SideName } from '../splits/sides.js';

/** Asks for something of each side, one after the other. */
export async function eachSide<T>(ask: (side: SideName) => Promise<T>): Promise<Record<SideName, T>> {
  const found: [SideName, T][] = [];
  for (const side of SIDES) found.push([side, await ask(side)]);
  // One entry for each side.
  return Object.fromEntries(found) as Record<SideName, T>;
}
