import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { OUTPUT_FOLDER } from './job-file.js';
import { OutputProblem } from './trainer-output.js';
import type { TrainerState } from './trainer.js';

const MOST_FILES = 1000;
/** Of the reason that a trainer gives, which people read. */
const SHOWN = 500;

const aboutSchema = z.object({
  trees: z.int().min(1),
  from: z.int().min(0),
  anew: z.string().nullable(),
});

/**
 * Looks at what a trainer left in `output/state` for the next training: regular files, and what it says of them.
 * @throws OutputProblem
 */
export async function readState(jobFolder: string): Promise<TrainerState> {
  const folder = path.join(jobFolder, OUTPUT_FOLDER, 'state');
  const shown = `${OUTPUT_FOLDER}/state`;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => {
    throw new OutputProblem(`there is no folder ${shown}`);
  });
  const other = entries.find((entry) => !entry.isFile());
  if (other) throw new OutputProblem(`${shown}/${other.name} is not a regular file`);
  if (entries.length > MOST_FILES) {
    throw new OutputProblem(`${shown} has ${entries.length} files, at most ${MOST_FILES} are taken`);
  }
  const about = aboutSchema.safeParse(await readAbout(folder)).data;
  if (!about) throw new OutputProblem(`${shown}/about.json does not say what it is the state of`);
  return {
    folder,
    trees: about.trees,
    from: about.from,
    ...(about.anew !== null && { anew: about.anew.slice(0, SHOWN) }),
  };
}

async function readAbout(folder: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path.join(folder, 'about.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
