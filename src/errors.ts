/**
 * Every error of Perennial has a code `AREA.NAME`, says what was attempted, what was found and what is wanted, and names
 * the next step. `next` says what the engine does with it; `activities/failures.ts` turns that into Temporal's terms.
 */
export type Next =
  /** The cause can heal by itself: try again later. */
  | 'retry'
  /** Nothing will change by trying again: the run fails, the champion stays. */
  | 'fail'
  /** The caller asked for something that cannot be: the request is refused, nothing changed. */
  | 'refuse';

export interface ErrorFacts {
  /** The next step for the reader, as a sentence or a runnable command. */
  readonly fix?: string;
  /** File, line, column, path, column name, owner, run id: whatever finds the thing. Plain JSON, no secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The base of all errors that Perennial throws on purpose. */
export abstract class PerennialError extends Error {
  abstract readonly code: string;
  abstract readonly next: Next;
  readonly fix: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = new.target.name;
    this.fix = facts.fix;
    this.details = facts.details ?? {};
  }
}

/** STORE.MISSING: an object that was referred to is not in the store. */
export class ArtifactMissingError extends PerennialError {
  readonly code = 'STORE.MISSING';
  readonly next = 'fail';
}

/** STORE.CORRUPT: the bytes that came back are not the bytes that were written. */
export class ArtifactCorruptError extends PerennialError {
  readonly code = 'STORE.CORRUPT';
  readonly next = 'fail';
}

/** STORE.UNAVAILABLE: the store did not answer, or answered that it cannot now; retried within bounds already. */
export class StoreUnavailableError extends PerennialError {
  readonly code = 'STORE.UNAVAILABLE';
  readonly next = 'retry';
}

/** STORE.REFUSED: wrong credentials, bucket or key, or a backend that breaks its promises. */
export class StoreRefusedError extends PerennialError {
  readonly code = 'STORE.REFUSED';
  readonly next = 'fail';
}

/** SPEC.INVALID: a model spec with problems; `problems` has one entry each. */
export class SpecInvalidError extends PerennialError {
  readonly code = 'SPEC.INVALID';
  readonly next = 'refuse';
  readonly problems: readonly SpecProblem[];

  constructor(message: string, problems: readonly SpecProblem[], facts: ErrorFacts = {}) {
    super(message, { ...facts, details: { ...facts.details, problems } });
    this.problems = problems;
  }
}

/** One thing wrong with a spec. */
export interface SpecProblem {
  /** Dotted path into the spec, `''` for the whole. */
  readonly path: string;
  /** What was found and what is wanted, in one sentence. */
  readonly message: string;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
}

/** DATA.UNREADABLE: a source file that is not what its name says: corrupt, malformed, empty, over a limit. */
export class DataUnreadableError extends PerennialError {
  readonly code = 'DATA.UNREADABLE';
  readonly next = 'fail';
}

/** DATA.EMPTY: there are no rows where rows are needed. */
export class DataEmptyError extends PerennialError {
  readonly code = 'DATA.EMPTY';
  readonly next = 'fail';
}

/** DATA.CONTRACT: the data breaks the model's contract; names columns, rules and the owner who must act. */
export class ContractViolatedError extends PerennialError {
  readonly code = 'DATA.CONTRACT';
  readonly next = 'fail';
}

/** DATA.CHECK: a rule of the contract cannot be measured: its SQL, its pattern or its bounds are wrong. */
export class CheckFailedError extends PerennialError {
  readonly code = 'DATA.CHECK';
  readonly next = 'fail';
}

/** DATA.DRIFT: new data, or what users ask, has moved away from what the champion learned from, and the spec says to stop. */
export class DriftBlockedError extends PerennialError {
  readonly code = 'DATA.DRIFT';
  readonly next = 'fail';
}

/** DATA.PREPARE: the SQL that prepares the training table failed or gave a table that cannot be used. */
export class PrepareFailedError extends PerennialError {
  readonly code = 'DATA.PREPARE';
  readonly next = 'fail';
}

/** SOURCE.UNAVAILABLE: a source could not be listed or fetched now. */
export class SourceUnavailableError extends PerennialError {
  readonly code = 'SOURCE.UNAVAILABLE';
  readonly next = 'retry';
}

/** SOURCE.REFUSED: a source that cannot work as declared: no such bucket or folder, no access. */
export class SourceRefusedError extends PerennialError {
  readonly code = 'SOURCE.REFUSED';
  readonly next = 'fail';
}

/** TRAIN.FAILED: the trainer ended without a usable model; says how it ended and shows the tail of its log. */
export class TrainerFailedError extends PerennialError {
  readonly code = 'TRAIN.FAILED';
  readonly next = 'fail';
}

/** TRAINER.PACKAGES: the Python packages that a code bundle locks cannot be installed on this machine. */
export class TrainerPackagesError extends PerennialError {
  readonly code = 'TRAINER.PACKAGES';
  readonly next = 'fail';
}

/** TRAINER.ENVIRONMENT: a variable that the trainer needs is not set where the worker runs. */
export class TrainerEnvironmentError extends PerennialError {
  readonly code = 'TRAINER.ENVIRONMENT';
  readonly next = 'fail';
}

/** RESOURCES.TOO_LARGE: a training needs more than the worker that got it has in all. */
export class ResourcesTooLargeError extends PerennialError {
  readonly code = 'RESOURCES.TOO_LARGE';
  readonly next = 'fail';
}

/** TRAIN.TIMEOUT: the trainer used up its wall time. */
export class TrainerTimeoutError extends PerennialError {
  readonly code = 'TRAIN.TIMEOUT';
  readonly next = 'fail';
}

/** TRAIN.HOST: what watches over a trainer ended before it, through no fault of the trainer. */
export class TrainerHostError extends PerennialError {
  readonly code = 'TRAIN.HOST';
  readonly next = 'retry';
}

/** MODEL.UNUSABLE: a model file that cannot be loaded, does not fit its signature or answers nonsense. */
export class ModelUnusableError extends PerennialError {
  readonly code = 'MODEL.UNUSABLE';
  readonly next = 'fail';
}

/** LEDGER.STALE: the decision was made against a champion or generation that is no longer the current one. */
export class StaleDecisionError extends PerennialError {
  readonly code = 'LEDGER.STALE';
  readonly next = 'fail';
}

/** LEDGER.BROKEN: the ledger itself is damaged: a gap, a broken chain, an entry that breaks its rules. */
export class LedgerBrokenError extends PerennialError {
  readonly code = 'LEDGER.BROKEN';
  readonly next = 'fail';
}

/** LEDGER.REFUSED: a decision that the ledger's rules forbid: promoting an unknown or rejected version, and so on. */
export class DecisionRefusedError extends PerennialError {
  readonly code = 'LEDGER.REFUSED';
  readonly next = 'refuse';
}

/** DEPLOY.UNCONFIRMED: a live model server did not answer with the new model in time. */
export class DeployUnconfirmedError extends PerennialError {
  readonly code = 'DEPLOY.UNCONFIRMED';
  readonly next = 'retry';
}

/** PLUGIN.CLASH: two different workflows or activities under one name. */
export class PluginClashError extends PerennialError {
  readonly code = 'PLUGIN.CLASH';
  readonly next = 'refuse';
}

/** NOT.FOUND: no model, run or version of that name. */
export class NotFoundError extends PerennialError {
  readonly code = 'NOT.FOUND';
  readonly next = 'refuse';
}

/** SERVICE.UNREACHABLE: Temporal, the store or a server cannot be reached from here. */
export class ServiceUnreachableError extends PerennialError {
  readonly code = 'SERVICE.UNREACHABLE';
  readonly next = 'retry';
}

/** SETUP.MISSING: a program that is needed could be neither found nor installed; names the ways to get it. */
export class SetupMissingError extends PerennialError {
  readonly code = 'SETUP.MISSING';
  readonly next = 'refuse';
}

/** USAGE.INVALID: a command, an option or an argument that cannot be. */
export class UsageError extends PerennialError {
  readonly code = 'USAGE.INVALID';
  readonly next = 'refuse';
}

/** SETUP.CONFLICT: something that is needed is there, but not as needed, or kept by somebody else. */
export class SetupConflictError extends PerennialError {
  readonly code = 'SETUP.CONFLICT';
  readonly next = 'refuse';
}

/** INPUT.REFUSED: a request for predictions that does not fit the model's signature. */
export class InputRefusedError extends PerennialError {
  readonly code = 'INPUT.REFUSED';
  readonly next = 'refuse';
}

/** DATA.ENGINE: the data engine could not finish: memory, disk, or a fault of its own; nothing is wrong with the data. */
export class DataEngineError extends PerennialError {
  readonly code = 'DATA.ENGINE';
  readonly next = 'retry';
}

/** RUN.RECORDED: a run ended under a number that another execution of its workflow has used already. */
export class RunRecordTakenError extends PerennialError {
  readonly code = 'RUN.RECORDED';
  readonly next = 'fail';
}

/** RUN.FAILED: the run that was asked about has failed; says where and why. */
export class RunFailedError extends PerennialError {
  readonly code = 'RUN.FAILED';
  readonly next = 'fail';
}

/** BACKFILL.RUNNING: a backfill of this model is under way, and not what is asked for. */
export class BackfillRunningError extends PerennialError {
  readonly code = 'BACKFILL.RUNNING';
  readonly next = 'refuse';
}

/** BACKFILL.STOPPED: a backfill ended before its last window: by itself, terminated, or as a step of its own failed. */
export class BackfillStoppedError extends PerennialError {
  readonly code = 'BACKFILL.STOPPED';
  readonly next = 'fail';
}

/** DATA.PAIR: contract and task do not fit each other; names the columns and the owner who must act. */
export class ContractPairError extends PerennialError {
  readonly code = 'DATA.PAIR';
  readonly next = 'fail';
}

/** DATA.LEAK: features of the training table depend on rows of the future; names them. */
export class LeakingFeaturesError extends PerennialError {
  readonly code = 'DATA.LEAK';
  readonly next = 'fail';
}

/** WORKER.CACHE: a step needs more local copies of objects at once than the worker may keep. */
export class CacheTooSmallError extends PerennialError {
  readonly code = 'WORKER.CACHE';
  readonly next = 'fail';
}

/** SEARCH.FAILED: no trial of a search gave a value; says why the first ones failed. */
export class SearchFailedError extends PerennialError {
  readonly code = 'SEARCH.FAILED';
  readonly next = 'fail';
}
