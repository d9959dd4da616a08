import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';

/** Is there a program of that name, as the trainer's PATH and folder would have it? */
export async function programExists(program: string, folder: string): Promise<boolean> {
  if (program.includes('/')) return isProgram(path.resolve(folder, program));
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  for (const each of folders) if (await isProgram(path.join(each, program))) return true;
  return false;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
