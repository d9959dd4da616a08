import type { SourceSpec } from '../src/spec/spec.js';
import type { CodeBundle } from '../src/domain/code.js';
import type { Source } from '../src/sources/source.js';
import type { ArtifactStore, CallOptions } from '../src/stores/store.js';
import type { BlobFiles } from '../src/stores/blobs.js';
import type { ResourceBudget } from '../src/resources/budget.js';
import type { LedgerLog } from '../src/stores/ledger-log.js';
import type { Trainer } from '../src/trainers/trainer.js';

/** A Python in which the code of a bundle runs. */
export interface CodePython {
  /** Path of the interpreter; it has `perennial_trainer`. */
  readonly python: string;
  /** Example: `3.11.7`. */
  readonly version: string;
  /** Folders of programs that come first on PATH. */
  readonly bin: readonly string[];
}

/** What the activities work with: live objects, handed over by the plugin. */
export interface ActivityDeps {
  readonly store: ArtifactStore;
  /** The same, for manifests of which no run has to prove that they are still there. See `RememberingStore`. */
  readonly remembered: ArtifactStore;
  /** Verified local copies of blobs; those of an activity stay until it ends. */
  readonly cache: BlobFiles;
  /** The ledger of a model; the same log each time, which has read and verified what is old. See `sharedLedgers`. */
  ledger(model: string): LedgerLog;
  /** A folder for the scratch files of attempts; each attempt makes and removes its own. */
  readonly scratchFolder: string;
  openSource(spec: SourceSpec): Source;
  /** The folder with the files of a code bundle: unpacked once, verified each time, read-only. See `CodeFolders`. */
  codeFolder(code: CodeBundle, options?: CallOptions): Promise<string>;
  /**
   * The Python that a code bundle locks, made once a lock and machine; for one without a lock that of the built-in
   * estimators.
   * @param folder what `codeFolder` gave
   * @throws TrainerPackagesError, ServiceUnreachableError
   */
  environment(
    code: CodeBundle,
    folder: string,
    options: { readonly signal: AbortSignal; progress(message: string): void },
  ): Promise<CodePython>;
  readonly trainers: Readonly<Record<string, Trainer>>;
  /** What the worker has for trainings, together. */
  readonly budget: ResourceBudget;
}
