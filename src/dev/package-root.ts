import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of our package.json, both from the sources and from the compiled `dist/`: what lies beside it ships with us. */
export function packageRoot(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error('find the package folder of Perennial: no package.json above this module');
    folder = parent;
  }
  return folder;
}
