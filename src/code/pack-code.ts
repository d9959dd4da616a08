import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { blobKey } from '../domain/artifact.js';
import type { CodeBundle } from '../domain/code.js';
import { sha256Hex } from '../stores/digest.js';
import { CodeProblem } from './code-problem.js';
import { tarPieces } from './code-tar.js';
import { codeFiles, type CodeFile } from './code-tree.js';
import { lockProblem } from './lock-lines.js';

/** A code folder, ready for the store. */
export interface PackedCode {
  readonly bundle: CodeBundle;
  readonly tar: Buffer;
  readonly files: readonly CodeFile[];
}

const COMPILE = 'make it so: uv pip compile --generate-hashes requirements.in -o requirements.lock';

/**
 * Packs a folder. The same files give the same digest on every machine, whenever they were written; a byte more or less
 * gives another.
 *
 * @throws {CodeProblem} when it is no folder, holds what cannot be packed, is too large, or locks no exact packages
 */
export async function packCode(folder: string): Promise<PackedCode> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new CodeProblem(`found ${found ? 'a file' : 'nothing'} there, want a folder`);
  const files = await codeFiles(folder);
  const lock = await lockOf(folder, files);
  const pieces: Buffer[] = [];
  for await (const piece of tarPieces(folder, files)) pieces.push(piece);
  const tar = Buffer.concat(pieces);
  const sha256 = sha256Hex(tar);
  const ref = { key: blobKey(sha256), sha256, bytes: tar.length };
  return { bundle: { ref, files: files.length, ...(lock && { lock }) }, tar, files };
}

async function lockOf(folder: string, files: readonly CodeFile[]): Promise<CodeBundle['lock']> {
  const has = (name: string) => files.some((file) => file.path === name);
  const read = (name: string) => readFile(path.join(folder, name));
  const hasUv = has('uv.lock') && has('pyproject.toml');
  for (const file of ['requirements.lock', 'requirements.txt'] as const) {
    if (!has(file)) continue;
    const bytes = await read(file);
    const problem = lockProblem(bytes.toString('utf8'));
    if (!problem) return { file, sha256: sha256Hex(bytes) };
    if (file === 'requirements.lock' || !hasUv) {
      throw new CodeProblem(`${file}:${problem.line}: ${problem.message}; ${COMPILE}`);
    }
  }
  if (hasUv) {
    const both = [await read('uv.lock'), Buffer.from([0]), await read('pyproject.toml')];
    return { file: 'uv.lock', sha256: sha256Hex(Buffer.concat(both)) };
  }
  if (has('uv.lock')) throw new CodeProblem('found uv.lock without pyproject.toml, want both');
  return undefined;
}
