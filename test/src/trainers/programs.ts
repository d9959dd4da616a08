import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pythonEnv } from '../../../src/dev/tools.js';
import type { TrainingJob } from '../../../src/trainers/trainer.js';

let found: Promise<string> | undefined;

/** The interpreter of the trainers, looked for once. */
export const python = (): Promise<string> => (found ??= pythonEnv().then((env) => env.python));

/** A script as the command of a job. */
export async function asCommand(script: string): Promise<Partial<TrainingJob>> {
  return { command: [await python(), '-c', script] };
}

/** A script as the file of a code bundle. */
export async function asEntry(script: string, folder: string): Promise<Partial<TrainingJob>> {
  const code = path.join(folder, 'code');
  await mkdir(code, { recursive: true });
  await writeFile(path.join(code, 'main.py'), script);
  return { entry: 'main.py', code: { folder: code, sha256: 'not looked at' } };
}
