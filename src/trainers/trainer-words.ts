import { textCleaner, type CleanText } from './clean-text.js';
import { LogLines } from './log-lines.js';
import type { TrainerCallbacks, TrainingProgress } from './trainer.js';

const MESSAGE_LENGTH = 500;
const ERROR_LENGTH = 2000;
/** Progress is passed on at most this often; the newest is never lost. */
const PROGRESS_EVERY_MS = 100;
const MOST_POINT_VALUES = 50;
const METRIC = /^[A-Za-z][A-Za-z0-9_.@-]{0,63}$/;

/** A trainer's own account of why it failed. */
export interface ReportedError {
  readonly code: string;
  readonly message: string;
}

export interface TrainerWordsOptions extends Pick<TrainerCallbacks, 'progress' | 'point' | 'log'> {
  /** Takes the folder that a checkpoint line names, unchecked. */
  readonly checkpoint?: (folder: string, step: number) => void;
  /** Texts that must not be shown. */
  readonly secrets?: readonly string[];
}

/** Makes sense of what a trainer prints: progress, points, checkpoints, its error and its log, bounded and redacted. */
export class TrainerWords {
  readonly #options: TrainerWordsOptions;
  readonly #clean: CleanText;
  readonly #log: LogLines;
  #error: ReportedError | undefined;
  #held: TrainingProgress | undefined;
  #told = 0;

  constructor(options: TrainerWordsOptions) {
    this.#options = options;
    this.#clean = textCleaner(options.secrets);
    this.#log = new LogLines(this.#clean, options.log && ((line) => options.log?.(line)));
  }

  /** A line of standard output: JSON of the contract, or log. */
  hear(line: string): void {
    const content = line.startsWith('{') ? parseObject(line) : undefined;
    if (content === undefined || !this.#understand(content)) this.log(line);
  }

  /** A line of log. */
  log(line: string): void {
    this.#log.add(line);
  }

  /** The trainer has ended: passes on the progress that was held back. */
  end(): void {
    this.#tellHeld();
    this.#log.end();
  }

  get error(): ReportedError | undefined {
    return this.#error;
  }

  /** The last lines of the log, at most 40. */
  get tail(): readonly string[] {
    return this.#log.tail;
  }

  /** Without secrets and control characters. */
  clean(text: string, mostCharacters: number): string {
    return this.#clean(text, mostCharacters);
  }

  #understand(content: Record<string, unknown>): boolean {
    if ('error' in content) this.#error = this.#readError(content['error']);
    else if ('progress' in content) this.#tell(this.#readProgress(content));
    else if ('checkpoint' in content) return this.#checkpoint(content);
    else if ('point' in content) return this.#point(content);
    else return false;
    return true;
  }

  #checkpoint({ checkpoint, step }: Record<string, unknown>): boolean {
    if (typeof checkpoint !== 'string' || !isStep(step)) return false;
    this.#options.checkpoint?.(checkpoint, step);
    return true;
  }

  #point({ point, step }: Record<string, unknown>): boolean {
    if (!isPoint(point) || !isStep(step)) return false;
    this.#options.point?.(step, point);
    return true;
  }

  #tell(progress: TrainingProgress): void {
    this.#held = progress;
    if (Date.now() - this.#told >= PROGRESS_EVERY_MS) this.#tellHeld();
  }

  #tellHeld(): void {
    if (this.#held === undefined) return;
    this.#told = Date.now();
    this.#options.progress(this.#held);
    this.#held = undefined;
  }

  #readError(content: unknown): ReportedError {
    const { code, message } =
      typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : {};
    return {
      code: typeof code === 'string' ? this.#clean(code, 100) : 'TRAINER.UNKNOWN',
      message: typeof message === 'string' ? this.#clean(message, ERROR_LENGTH) : 'it gave no reason',
    };
  }

  #readProgress({ progress, message, step }: Record<string, unknown>): TrainingProgress {
    const known = typeof progress === 'number' && Number.isFinite(progress);
    return {
      ...(known ? { done: Math.min(1, Math.max(0, progress)) } : {}),
      ...(isStep(step) ? { step } : {}),
      message: typeof message === 'string' ? this.#clean(message, MESSAGE_LENGTH) : '',
    };
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

function isStep(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isPoint(value: unknown): value is Record<string, number> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length > 0 &&
    entries.length <= MOST_POINT_VALUES &&
    entries.every(([name, number]) => METRIC.test(name) && typeof number === 'number' && Number.isFinite(number))
  );
}
