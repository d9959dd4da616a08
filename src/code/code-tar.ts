import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Header, Parser, Pax } from 'tar';
import type { Sha256 } from '../domain/artifact.js';
import { quoted } from '../spec/path.js';
import { MOST_BYTES, MOST_FILES } from './code-limits.js';
import { CodeProblem } from './code-problem.js';
import type { CodeFile } from './code-tree.js';

const BLOCK = 512;

/**
 * A tar of files in a folder, piece by piece. Its bytes depend on nothing but paths, contents and whether a file is
 * executable: no times, no owners, the files in the order given.
 */
export async function* tarPieces(folder: string, files: readonly CodeFile[]): AsyncIterable<Buffer> {
  for (const file of files) {
    const content = await readFile(path.join(folder, file.path));
    yield* headerOf(file, content.length);
    yield content;
    yield Buffer.alloc(-content.length & (BLOCK - 1));
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** The digest that the bundle of these files has. */
export async function tarDigest(folder: string, files: readonly CodeFile[]): Promise<Sha256> {
  const hash = createHash('sha256');
  for await (const piece of tarPieces(folder, files)) hash.update(piece);
  return hash.digest('hex');
}

/** A file that came out of a bundle. */
export interface PackedFile extends Omit<CodeFile, 'bytes'> {
  readonly content: Buffer;
}

/**
 * The files of a bundle, without writing any. Only regular files with plain relative paths are taken: a bundle that was
 * made by somebody else must not reach outside of its folder.
 *
 * @throws {CodeProblem}
 */
export async function readTar(tar: Buffer): Promise<PackedFile[]> {
  // The parser would unpack what is compressed, to whatever size.
  if (tar.toString('latin1', 257, 262) !== 'ustar' || tar.readUInt16BE(0) === 0x1f8b) {
    if (tar.length !== 2 * BLOCK) throw new CodeProblem('found no plain tar, want one');
  }
  const seen = new Set<string>();
  const files: Promise<PackedFile>[] = [];
  let problem: string | undefined;
  const parser = new Parser({
    strict: true,
    zstd: false,
    onReadEntry: (entry) => {
      problem ??=
        entryProblem(entry, seen) ?? (files.length >= MOST_FILES ? `more than ${MOST_FILES} files` : undefined);
      if (problem !== undefined) {
        entry.resume();
        return;
      }
      const { path: name, mode = 0 } = entry;
      files.push(entry.concat().then((content) => ({ path: name, executable: (mode & 0o100) !== 0, content })));
    },
  });
  await new Promise<void>((resolve, reject) => {
    parser.on('error', (error: Error) => reject(new CodeProblem(`found a damaged tar: ${error.message}`)));
    parser.on('end', () => resolve());
    parser.end(tar);
  });
  if (problem !== undefined) throw new CodeProblem(`found ${problem}, want regular files below the folder`);
  return await Promise.all(files);
}

function* headerOf({ path: name, executable }: CodeFile, size: number): Iterable<Buffer> {
  const facts = { path: name, size, mode: executable ? 0o755 : 0o644, mtime: new Date(0), uid: 0, gid: 0 };
  const header = new Header({ ...facts, type: 'File' });
  if (header.encode()) yield new Pax({ path: name, mtime: facts.mtime }).encode();
  yield header.block ?? Buffer.alloc(BLOCK);
}

/** What is wrong with an entry, to be read after "found"; `seen` takes its path, and those of its folders with a slash. */
function entryProblem(entry: { path: string; type: string; size: number }, seen: Set<string>): string | undefined {
  const name = quoted(entry.path);
  if (entry.type !== 'File') return `${name} of type ${entry.type}`;
  const parts = entry.path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..') || /[\0\\]/.test(entry.path)) {
    return `the path ${name}`;
  }
  if (entry.size > MOST_BYTES) return `${name} of ${entry.size} bytes`;
  if (seen.has(entry.path)) return `${name} a second time`;
  const folders = parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('/')}/`);
  if (seen.has(`${entry.path}/`) || folders.some((folder) => seen.has(folder.slice(0, -1)))) {
    return `${name} inside a file, or in the place of a folder`;
  }
  for (const each of [entry.path, ...folders]) seen.add(each);
  return undefined;
}
