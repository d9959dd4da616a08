import type { Ref, Sha256 } from './artifact.js';

/** The folder of a trainer, packed at `apply`: a tar whose bytes depend on nothing but the files in it. */
export interface CodeBundle {
  readonly ref: Ref;
  readonly files: number;
  /** The lock file in it by which the environment is made, with its digest; absent when it brings none. */
  readonly lock?: { readonly file: 'requirements.lock' | 'requirements.txt' | 'uv.lock'; readonly sha256: Sha256 };
}
