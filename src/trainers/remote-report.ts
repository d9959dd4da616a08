import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { extract } from 'tar';
import type { ElsewhereResult } from '../domain/elsewhere.js';
import type { FarAttempts } from './far-attempts.js';
import { CHECKPOINTS_FOLDER } from './job-file.js';
import { checkpointKey, reportKey } from './remote-order.js';
import type { RemoteTransfers } from './remote-transfers.js';
import type { TrainingJob } from './trainer.js';

/** More is no report of ours. */
const MOST_BYTES = 256 * 1024 * 1024;

export interface RemoteReportOptions {
  readonly transfers: RemoteTransfers;
  readonly job: TrainingJob;
  readonly prefix: string;
  /** Takes a line of the job contract. */
  readonly say: (line: string) => void;
  /** Takes a line of log. */
  readonly log: (line: string) => void;
  /** Take what attempts there say of themselves. */
  readonly attempts: FarAttempts;
}

/** What the far side says, read as it grows. Checkpoints that it has stored are fetched before they are told. */
export class RemoteReport {
  readonly #options: RemoteReportOptions;
  #offset = 0;
  #pending = '';
  /** Newest step of which a checkpoint was passed on, or which was gone on from. */
  #step: number;
  #result: ElsewhereResult | undefined;

  constructor(options: RemoteReportOptions) {
    this.#options = options;
    this.#step = options.job.resume?.step ?? -1;
  }

  /** Whether anybody has said anything yet. */
  get hasBegun(): boolean {
    return this.#offset > 0;
  }

  /** What the far side says that it hands back; undefined before its end. */
  get result(): ElsewhereResult | undefined {
    return this.#result;
  }

  /** Passes on what is new. */
  async read(signal?: AbortSignal): Promise<void> {
    const { transfers, prefix } = this.#options;
    const bytes = await transfers.readFrom(reportKey(prefix), this.#offset, signal ? { signal } : {});
    if (!bytes || bytes.length === 0) return;
    this.#offset += bytes.length;
    if (this.#offset > MOST_BYTES) throw new RangeError(`a report of more than ${MOST_BYTES} bytes`);
    // A character that is cut in two is at the end of the part that is kept for the next time, or the report is no text.
    const lines = (this.#pending + bytes.toString('latin1')).split('\n');
    this.#pending = lines.pop() ?? '';
    const said = lines.map((line) => parse(Buffer.from(line, 'latin1').toString('utf8')));
    const newest = said.findLast(isStored);
    for (const line of said) await this.#hear(line, line === newest);
  }

  async #hear(line: Said, newest: boolean): Promise<void> {
    if (this.#options.attempts.hear(line)) return;
    if (isStored(line)) {
      if (newest && line.step > this.#step) await this.#takeCheckpoint(line);
    } else if (line.ended !== undefined) {
      this.#result = line.ended as ElsewhereResult; // checked where it is used
    } else if (typeof line.log === 'string') {
      this.#options.log(line.log);
    } else {
      this.#options.say(JSON.stringify(line));
    }
  }

  async #takeCheckpoint({ step, stored }: Stored): Promise<void> {
    const { transfers, job, prefix, say, log } = this.#options;
    const { slot, sha256, bytes } = stored;
    const file = path.join(job.folder, `checkpoint-${step}.tar`);
    const name = `${CHECKPOINTS_FOLDER}/step-${step}`;
    const folder = path.join(job.folder, name);
    try {
      await transfers.take({ key: checkpointKey(prefix, slot), sha256, bytes }, file);
      await mkdir(folder, { recursive: true });
      await extract({
        file,
        cwd: folder,
        strict: true,
        filter: (_, entry) => 'type' in entry && entry.type === 'File',
      });
      this.#step = step;
      say(JSON.stringify({ checkpoint: name, step }));
    } catch (error) {
      // Another one may have taken its place meanwhile: that one comes next.
      await rm(folder, { recursive: true, force: true });
      log(`the checkpoint of step ${step} was not fetched: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await rm(file, { force: true });
    }
  }
}

type Said = Readonly<Record<string, unknown>>;
type Stored = Said & {
  readonly step: number;
  readonly stored: { readonly slot: number; readonly sha256: string; readonly bytes: number };
};

function parse(line: string): Said {
  try {
    const content: unknown = JSON.parse(line);
    if (typeof content === 'object' && content !== null) return content as Said;
  } catch {
    // Shown as it is.
  }
  return { log: line };
}

function isStored(line: Said): line is Stored {
  const { step, stored } = line;
  if (typeof step !== 'number' || typeof stored !== 'object' || stored === null) return false;
  const { slot, sha256, bytes } = stored as Said;
  return Number.isSafeInteger(slot) && typeof sha256 === 'string' && typeof bytes === 'number';
}
