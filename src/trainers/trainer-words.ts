import { redact } from './redact.js';
import type { TrainingProgress } from './trainer.js';

/** Lines of log that are kept for error messages. */
const TAIL_LINES = 40;
const MESSAGE_LENGTH = 500;
const ERROR_LENGTH = 2000;
/** Progress is passed on at most this often; the newest is never lost. */
const PROGRESS_EVERY_MS = 100;

/** A trainer's own account of why it failed. */
export interface ReportedError {
  readonly code: string;
  readonly message: string;
}

/** Makes sense of what a trainer prints: progress, its error, and the end of its log, bounded and redacted. */
export class TrainerWords {
  readonly #progress: (progress: TrainingProgress) => void;
  readonly #tail: string[] = [];
  #error: ReportedError | undefined;
  #held: TrainingProgress | undefined;
  #told = 0;

  constructor(progress: (progress: TrainingProgress) => void) {
    this.#progress = progress;
  }

  /** A line of standard output: JSON of the contract, or log. */
  hear(line: string): void {
    const content = line.startsWith('{') ? parseObject(line) : undefined;
    if (content !== undefined && 'error' in content) this.#error = readError(content['error']);
    else if (content !== undefined && 'progress' in content) this.#tell(readProgress(content));
    else this.log(line);
  }

  /** A line of log. */
  log(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
  }

  /** The trainer has ended: passes on the progress that was held back. */
  end(): void {
    if (this.#held !== undefined) this.#progress(this.#held);
    this.#held = undefined;
  }

  get error(): ReportedError | undefined {
    return this.#error;
  }

  /** The last lines of the log, at most 40. */
  get tail(): readonly string[] {
    return this.#tail.map((line) => clean(line, MESSAGE_LENGTH));
  }

  #tell(progress: TrainingProgress): void {
    this.#held = progress;
    if (Date.now() - this.#told < PROGRESS_EVERY_MS) return;
    this.#told = Date.now();
    this.end();
  }
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(line);
    // The line starts with a brace: what parses is an object.
    return content as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function readError(content: unknown): ReportedError {
  const { code, message } = typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : {};
  return {
    code: typeof code === 'string' ? clean(code, 100) : 'TRAINER.UNKNOWN',
    message: typeof message === 'string' ? clean(message, ERROR_LENGTH) : 'it gave no reason',
  };
}

function readProgress(content: Record<string, unknown>): TrainingProgress {
  const { progress, message } = content;
  const known = typeof progress === 'number' && Number.isFinite(progress);
  return {
    ...(known ? { done: Math.min(1, Math.max(0, progress)) } : {}),
    message: typeof message === 'string' ? clean(message, MESSAGE_LENGTH) : '',
  };
}

function clean(text: string, length: number): string {
  // Cut after redacting, else a secret that is cut in two is not known for one. Control characters would act on terminals.
  return redact(text.replace(/[^\P{Cc}\t]/gu, '')).slice(0, length);
}
