import { lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { CHECKPOINTS_FOLDER } from './job-file.js';
import type { TrainerCallbacks } from './trainer.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const MOST_FILES = 1000;
const MOST_BYTES = 16 * 1024 ** 3;

export interface CheckpointKeeperOptions {
  /** Of the job. */
  readonly folder: string;
  readonly keep?: TrainerCallbacks['checkpoint'];
  /** Takes a line about a checkpoint that was not kept. */
  readonly note: (line: string) => void;
}

interface Offered {
  readonly name: string;
  readonly step: number;
}

/**
 * Has the checkpoints of a job kept, one at a time, and removes them then. While one is being kept, only the newest of the
 * others waits. One that cannot be kept is noted and removed too: a trainer goes on when the folder is gone.
 */
export class CheckpointKeeper {
  readonly #options: CheckpointKeeperOptions;
  readonly #folder: string;
  #waiting: Offered | undefined;
  #work: Promise<void> | undefined;

  constructor(options: CheckpointKeeperOptions) {
    this.#options = options;
    this.#folder = path.join(options.folder, CHECKPOINTS_FOLDER);
  }

  /** @param shown the folder as the trainer names it, from the job's folder on */
  offer(shown: string, step: number): void {
    const place = path.relative(this.#folder, path.resolve(this.#options.folder, shown));
    if (!NAME.test(place)) return this.#refuse(step, `want a folder ${CHECKPOINTS_FOLDER}/NAME of the job`);
    const passedOver = this.#waiting;
    this.#waiting = { name: place, step };
    if (passedOver && passedOver.name !== place) void this.#remove(passedOver.name);
    this.#work ??= this.#keepAll().finally(() => {
      this.#work = undefined;
    });
  }

  /** Resolves when nothing is being kept any more. */
  async settle(): Promise<void> {
    while (this.#work) await this.#work;
  }

  async #keepAll(): Promise<void> {
    for (let next = this.#waiting; next; next = this.#waiting) {
      this.#waiting = undefined;
      await this.#keep(next);
    }
  }

  async #keep({ name, step }: Offered): Promise<void> {
    const folder = path.join(this.#folder, name);
    try {
      await checkFolder(folder);
      await this.#options.keep?.({ folder, step });
    } catch (error) {
      this.#refuse(step, error instanceof Error ? error.message : String(error));
    }
    await this.#remove(name);
  }

  #refuse(step: number, reason: string): void {
    this.#options.note(`the checkpoint of step ${step} was not kept: ${reason}`);
  }

  async #remove(name: string): Promise<void> {
    // The trainer may be writing another one of that name: what cannot be removed goes with the job's folder.
    await rm(path.join(this.#folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A link or a pipe could name or hold anything of this machine. */
async function checkFolder(folder: string): Promise<void> {
  const facts = await lstat(folder).catch(() => undefined);
  if (facts?.isDirectory() !== true) throw new Error('there is no such folder');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const odd = files.find((entry) => !entry.isFile());
  if (odd) throw new Error(`"${odd.name}" in it is not a regular file`);
  if (files.length > MOST_FILES) throw new Error(`it has ${files.length} files, and at most ${MOST_FILES} are taken`);
  const sizes = await Promise.all(files.map(async (file) => (await lstat(path.join(file.parentPath, file.name))).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > MOST_BYTES) throw new Error(`it has ${bytes} bytes, and at most ${MOST_BYTES} are taken`);
}
