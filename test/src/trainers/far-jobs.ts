import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { create } from 'tar';
import { pythonEnv } from '../../../src/dev/tools.js';
import { putBlob } from '../../../src/stores/blobs.js';
import type { ArtifactStore } from '../../../src/stores/store.js';
import type { TrainingJob } from '../../../src/trainers/trainer.js';
import { PRELUDE, type Programs } from '../../contracts/trainer-bench.js';
import { toyRows } from '../../support/toy-rows.js';

let jobs = 0;

/** A job of the contract suite with what the far side fetches: rows, code and the checkpoint to go on from. */
export async function withFiles(job: TrainingJob, store: ArtifactStore): Promise<TrainingJob> {
  const { folder, code, resume } = job;
  const { data } = await toyRows(folder);
  if (resume) {
    const checkpoint = path.join(folder, 'checkpoints', resume.name);
    await mkdir(checkpoint, { recursive: true });
    await writeFile(path.join(checkpoint, 'state'), 'some');
  }
  return {
    ...job,
    data,
    // Jobs of equal name and content are one.
    name: `toy-${++jobs}`,
    ...(code && { code: { folder: code.folder, sha256: await storedCode(code.folder, store) } }),
  };
}

async function storedCode(folder: string, store: ArtifactStore): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'main.py'), '');
  const file = `${folder}.tar`;
  await create({ file, cwd: folder, portable: true }, ['.']);
  return (await putBlob(store, { path: file })).sha256;
}

/** A script as a command. The job's folder is elsewhere: what a test looks for is written where it looks. */
export const asFarCommand: Programs = async (script, folder) => {
  const write = `
here = write
def write(file, text=""):
    here(file if file.split("/")[0] in ("output", "checkpoints") else ${JSON.stringify(folder)} + "/" + file, text)
`;
  return { command: [(await pythonEnv()).python, '-c', script.replace(PRELUDE, PRELUDE + write)] };
};
