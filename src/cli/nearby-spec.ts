import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** The spec file in this folder, or the first in a folder right below it, as a path from here; undefined without any. */
export function nearbySpec(folder: string): string | undefined {
  const below = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map(({ name }) => path.join(name, SPEC))
    .toSorted();
  return [SPEC, ...below].find((file) => existsSync(path.join(folder, file)));
}

const SPEC = 'perennial.yaml';
