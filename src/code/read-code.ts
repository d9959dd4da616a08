import path from 'node:path';
import { quoted, type SpecIssue } from '../spec/path.js';
import { CodeProblem } from './code-problem.js';
import type { CodeFile } from './code-tree.js';
import { packCode, type PackedCode } from './pack-code.js';

/** The folder that `trainer.code` of a spec names, packed; or what is wrong with it. Undefined: it names none. */
export async function readCode(
  folder: string,
  value: unknown,
): Promise<PackedCode | { readonly issues: readonly SpecIssue[] } | undefined> {
  const { trainer } = (value ?? {}) as { trainer?: unknown };
  const { code, entry, command } = (trainer ?? {}) as Record<string, unknown>;
  if (typeof code !== 'string' || code === '' || code.includes('\0')) return undefined;
  try {
    const packed = await packCode(path.resolve(folder, code));
    const issues = [
      ...(typeof entry === 'string' ? entryIssues(entry, code, packed.files) : []),
      ...(Array.isArray(command) ? commandIssues(command, code, packed.files) : []),
    ];
    const used = entry !== undefined || command !== undefined || packed.bundle.lock !== undefined;
    if (!used) {
      const message = 'found neither entry nor command beside it, nor a lock file in it, want what is made of it';
      issues.push({ path: ['trainer', 'code'], message });
    }
    return issues.length > 0 ? { issues } : packed;
  } catch (error) {
    const message = error instanceof CodeProblem ? error.message : `cannot read it: ${(error as Error).message}`;
    return { issues: [{ path: ['trainer', 'code'], message: `cannot pack the folder ${quoted(code)}: ${message}` }] };
  }
}

function entryIssues(entry: string, code: string, files: readonly CodeFile[]): SpecIssue[] {
  const wanted = path.posix.normalize(entry);
  if (files.some((file) => file.path === wanted)) return [];
  return [{ path: ['trainer', 'entry'], message: `found no ${quoted(entry)} among the files of ${quoted(code)}` }];
}

/** Words that begin with `./` name what is in the bundle; the first one a program. */
function commandIssues(command: readonly unknown[], code: string, files: readonly CodeFile[]): SpecIssue[] {
  return command.flatMap((word, index) => {
    if (typeof word !== 'string' || !word.startsWith('./')) return [];
    const wanted = path.posix.normalize(word).replace(/\/$/, '');
    // What points outside is told by the checks of the spec itself.
    if (wanted === '.' || wanted.startsWith('..')) return [];
    const at = ['trainer', 'command', index];
    const file = files.find((each) => each.path === wanted);
    if (!file && !files.some((each) => each.path.startsWith(`${wanted}/`))) {
      return [{ path: at, message: `found no ${quoted(word)} among the files of ${quoted(code)}` }];
    }
    if (index > 0 || file?.executable) return [];
    return [{ path: at, message: `found ${quoted(word)}, which is no executable file, want one: chmod +x` }];
  });
}
