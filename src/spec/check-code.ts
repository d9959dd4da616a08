import path from 'node:path';
import type { SpecParts } from './parts.js';
import { quoted, type SpecIssue } from './path.js';

/** Variables that the engine sets for a job, or by which another program would run than the one that is pinned. */
const KEPT_VARIABLES =
  /^(PERENNIAL_.*|LD_.*|DYLD_.*|PATH|HOME|TMPDIR|PYTHON(PATH|HOME|STARTUP|USERBASE|EXECUTABLE)|VIRTUAL_ENV)$/;

/** The trainer's own code, by what the spec says alone; what is in the folder is looked at when it is packed. */
export function checkCode({ trainer }: SpecParts): SpecIssue[] {
  if (!trainer) return [];
  const { kind, code, entry, command } = trainer;
  const issues: SpecIssue[] = [];
  const at = (field: string, message: string) => issues.push({ path: ['trainer', field], message });
  if (entry !== undefined && command !== undefined) at('entry', 'found an entry beside a command, want one of the two');
  if (entry !== undefined && code === undefined) {
    at('entry', `found ${quoted(entry)} without a folder that it is in, want trainer.code as well`);
  }
  if (entry !== undefined && kind === 'process') {
    at('entry', 'found an entry beside the kind process, want the kind python, or a command');
  }
  if (entry !== undefined && leaves(entry)) at('entry', `found ${quoted(entry)}, want a file inside trainer.code`);
  if (code !== undefined) {
    for (const [index, word] of (command ?? []).entries()) {
      if (word === undefined || !/^\.{1,2}\//.test(word) || !leaves(word)) continue;
      const message = `found ${quoted(word)}, which is outside of trainer.code, want a path inside`;
      issues.push({ path: ['trainer', 'command', index], message });
    }
  }
  for (const name of Object.keys(trainer.environment ?? {})) {
    if (!KEPT_VARIABLES.test(name)) continue;
    const message = `found the name ${quoted(name)}, which the engine sets itself, want another`;
    issues.push({ path: ['trainer', 'environment', name], message, at: 'key' });
  }
  return issues;
}

function leaves(inside: string): boolean {
  const normal = path.posix.normalize(inside);
  return normal === '..' || normal.startsWith('../') || normal.startsWith('/');
}
