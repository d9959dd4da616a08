import type { Ref } from '../src/domain/artifact.js';
import type { ActivityDeps } from './deps.js';

export interface IngestInput {
  readonly model: string;
  readonly run: number;
  readonly spec: Ref;
  /** The snapshot to go on from: only what is new or changed since is read. */
  readonly previous?: Ref;
}

export interface Ingested {
  readonly snapshot: Ref;
  readonly rows: number;
  readonly newRows: number;
  readonly message: string;
}

export async function ingest(_deps: ActivityDeps, _input: IngestInput): Promise<Ingested> {
  throw new Error('pending');
}
