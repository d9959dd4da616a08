import { lstat, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { quoted } from '../spec/path.js';
import { ALWAYS_IGNORED, IGNORE_FILE, MOST_BYTES, MOST_FILES, shownBytes } from './code-limits.js';
import { CodeProblem } from './code-problem.js';

/** A file of a code folder. */
export interface CodeFile {
  /** Below the folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly executable: boolean;
}

/** Where counting ends: a folder of millions of files is told from one of a few too many, and no more. */
const MOST_COUNTED = 10 * MOST_FILES;

/**
 * The files of a code folder that go into its bundle, sorted by path, without what `.perennialignore` names.
 *
 * @throws {CodeProblem} when there is a link or a device among them, or too much
 */
export async function codeFiles(folder: string): Promise<CodeFile[]> {
  const files = await filesBelow(folder, await ignoreOf(folder));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (files.length > MOST_FILES) {
    const count = files.length > MOST_COUNTED ? `more than ${MOST_COUNTED}` : String(files.length);
    throw tooMuch(
      `${count} files`,
      `at most ${MOST_FILES}`,
      largest(files, () => 1, String),
    );
  }
  if (bytes > MOST_BYTES) {
    throw tooMuch(
      shownBytes(bytes),
      `at most ${shownBytes(MOST_BYTES)}`,
      largest(files, (file) => file.bytes, shownBytes),
    );
  }
  return files;
}

/** All files below a folder but Python's caches, sorted by path. Directories without files are no part of code. */
export async function filesBelow(folder: string, ignored?: Ignore): Promise<CodeFile[]> {
  const files: CodeFile[] = [];
  const visit = async (below: string): Promise<void> => {
    for (const entry of await readdir(path.join(folder, below), { withFileTypes: true })) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (ignored?.ignores(entry.isDirectory() ? `${name}/` : name)) continue;
      if (entry.isDirectory()) await visit(name);
      else files.push(await codeFile(folder, name));
      if (files.length > MOST_COUNTED) return;
    }
  };
  await visit('');
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

async function codeFile(folder: string, name: string): Promise<CodeFile> {
  const found = await lstat(path.join(folder, name));
  if (found.isSymbolicLink()) {
    throw new CodeProblem(
      `found the symbolic link ${quoted(name)}, want files: put a copy there, or name it in ${IGNORE_FILE}`,
    );
  }
  if (!found.isFile()) {
    throw new CodeProblem(`found ${quoted(name)}, which is no regular file, want files: name it in ${IGNORE_FILE}`);
  }
  return { path: name, bytes: found.size, executable: (found.mode & 0o100) !== 0 };
}

async function ignoreOf(folder: string): Promise<Ignore> {
  const text = await readFile(path.join(folder, IGNORE_FILE), 'utf8').catch(() => '');
  // Ours come last: no pattern of the user's takes them in again.
  return ignore().add(text).add(ALWAYS_IGNORED);
}

function tooMuch(found: string, want: string, where: string): CodeProblem {
  return new CodeProblem(
    `found ${found}, want ${want}: most is in ${where}; leave out what is no code with ${IGNORE_FILE}`,
  );
}

/** The entries of the folder in which most of it is. */
function largest(files: readonly CodeFile[], weigh: (file: CodeFile) => number, shown: (weight: number) => string) {
  const weights = new Map<string, number>();
  for (const file of files) {
    const slash = file.path.indexOf('/');
    const top = slash < 0 ? file.path : file.path.slice(0, slash + 1);
    weights.set(top, (weights.get(top) ?? 0) + weigh(file));
  }
  return [...weights]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([name, weight]) => `${quoted(name)} (${shown(weight)})`)
    .join(', ');
}
