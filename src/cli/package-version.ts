import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

interface Manifest {
  readonly version?: string;
}

/** The version of this package. */
export function packageVersion(): string {
  // The package finds itself by its own name, from its sources and from what is compiled.
  return (createRequire(import.meta.url)('perennial/package.json') as Manifest).version ?? '0.0.0';
}

/** The version of an installed package; undefined when it is not installed. */
export function versionOf(name: string): string | undefined {
  // Some packages do not export their package.json, so it is read from where it lies.
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(path.join(folder, name, 'package.json'), 'utf8')) as Manifest;
      if (typeof version === 'string') return version;
    } catch {
      // Not in this folder: the next one up.
    }
  }
  return undefined;
}
