import type { SourceSpec } from '../src/spec.js';
import type { Source } from '../src/sources/source.js';
import type { ArtifactStore } from '../src/stores/store.js';
import type { BlobFiles } from '../src/stores/blobs.js';
import type { LedgerLog } from '../src/stores/ledger-log.js';
import type { Trainer } from '../src/trainers/trainer.js';

/** What the activities work with: live objects, handed over by the plugin. */
export interface ActivityDeps {
  readonly store: ArtifactStore;
  /** Verified local copies of blobs; those of an activity stay until it ends. */
  readonly cache: BlobFiles;
  /** The ledger of a model; the same log each time, which has read and verified what is old. See `sharedLedgers`. */
  ledger(model: string): LedgerLog;
  /** A folder for the scratch files of attempts; each attempt makes and removes its own. */
  readonly scratchFolder: string;
  openSource(spec: SourceSpec): Source;
  readonly trainers: Readonly<Record<string, Trainer>>;
}
