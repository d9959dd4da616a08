import type { SourceSpec } from '../src/spec.js';
import type { Source } from '../src/sources/source.js';
import type { ArtifactStore } from '../src/stores/store.js';
import type { BlobCache } from '../src/stores/blobs.js';
import type { Trainer } from '../src/trainers/trainer.js';

/** What the activities work with: live objects, handed over by the plugin. */
export interface ActivityDeps {
  readonly store: ArtifactStore;
  /** Verified local copies of blobs. */
  readonly cache: BlobCache;
  /** A folder for the scratch files of attempts; each attempt makes and removes its own. */
  readonly scratchFolder: string;
  openSource(spec: SourceSpec): Source;
  readonly trainers: Readonly<Record<string, Trainer>>;
}
