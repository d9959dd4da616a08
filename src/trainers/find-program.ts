import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';

export interface WhereToLook {
  /** The working directory. */
  readonly folder?: string;
  /** As the variable PATH. Default: that of the worker. */
  readonly searchPath?: string | undefined;
}

/** The path of a program, as a process with that folder and PATH finds it; undefined when there is none. */
export async function findProgram(program: string, { folder = '/', searchPath }: WhereToLook = {}) {
  const folders = program.includes('/') ? [''] : (searchPath ?? process.env['PATH'] ?? '').split(path.delimiter);
  for (const each of folders) {
    const file = path.resolve(folder, each, program);
    if (await isProgram(file)) return file;
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
