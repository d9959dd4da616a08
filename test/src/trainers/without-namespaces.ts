import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The PATH of a machine whose kernel lets nobody make a namespace, as it is in most containers. */
export async function pathWithoutNamespaces(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  return `${folder}${path.delimiter}${process.env['PATH']}`;
}
