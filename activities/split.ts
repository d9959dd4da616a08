import type { Ref } from '../src/domain/artifact.js';
import type { ActivityDeps } from './deps.js';

export interface SplitInput {
  readonly model: string;
  readonly run: number;
  readonly spec: Ref;
  readonly snapshot: Ref;
}

export interface SplitDone {
  readonly split: Ref;
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly message: string;
}

export async function split(_deps: ActivityDeps, _input: SplitInput): Promise<SplitDone> {
  throw new Error('pending');
}
