import type { Ref } from '../src/domain/artifact.js';
import type { ActivityDeps } from './deps.js';
import type { IngestInput } from './ingest.js';

export interface Validated {
  readonly report: Ref;
  readonly message: string;
}

export async function validate(_deps: ActivityDeps, _input: IngestInput & { readonly snapshot: Ref }): Promise<Validated> {
  throw new Error('pending');
}
