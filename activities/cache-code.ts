import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The steps whose results are kept. */
export type CachedStepName = 'split' | 'search' | 'train' | 'evaluate';

/** Folders with code that has a say in what a step gives; the others command, serve, show or fetch. */
export const CODE_FOLDERS = [
  'activities',
  'src/contracts',
  'src/data',
  'src/domain',
  'src/inference',
  'src/metrics',
  'src/search',
  'src/statistics',
  'src/trainers',
];

/** What else computes the result of a step: packages that are pinned by their version, and Node's own arithmetic. */
const ENGINES: Readonly<Record<CachedStepName, () => readonly string[]>> = {
  split: () => [versionOf('@duckdb/node-api')],
  // The trainer says itself what it is made of.
  search: () => [],
  train: () => [],
  evaluate: () => [versionOf('@duckdb/node-api'), versionOf('onnxruntime-node'), process.version],
};

/**
 * Digests of the programs that do the cached steps, on this machine's kind of processor. Reads the files of this very
 * package at once: what runs is what is hashed, also when a build replaces the files later. Takes some 20 ms, once.
 */
export function cacheCode(): (step: CachedStepName) => Promise<string> {
  const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
  const digest = digestOf(root);
  // Whoever asks for it hears of a failure.
  digest.catch(() => undefined);
  return async (step) => {
    const facts = [await digest, process.platform, process.arch, ...ENGINES[step]()];
    return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
  };
}

/** The sources when they run as they are (tests do that), the compiled files otherwise. */
async function digestOf(root: string): Promise<string> {
  const names = await Promise.all(CODE_FOLDERS.map((folder) => codeBelow(path.join(root, folder))));
  const files = names.flat().toSorted();
  const bytes = await Promise.all(files.map((file) => readFile(file)));
  const hash = createHash('sha256');
  files.forEach((file, index) => {
    const content = bytes[index] ?? Buffer.alloc(0);
    hash.update(`${path.relative(root, file)}\0${content.length}\0`).update(content);
  });
  return hash.digest('hex');
}

async function codeBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /(?<!\.d)\.[jt]s$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function versionOf(name: string): string {
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
  return `${name} ${version}`;
}
