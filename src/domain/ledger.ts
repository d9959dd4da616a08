import type { Sha256 } from './artifact.js';

/** A decision about one model. `version` counts registered models of one name from 1. */
export type Decision =
  | { readonly kind: 'register'; readonly version: number; readonly bundle: Sha256; readonly run: string }
  | { readonly kind: 'reject'; readonly bundle: Sha256; readonly run: string }
  | {
      readonly kind: 'promote';
      readonly version: number;
      readonly bundle: Sha256;
      /** The champion that the decision was made against: 0 when there was none. */
      readonly replaces: number;
    };

/** One entry of the ledger: `ledger/<model>/<generation>.json`. */
export interface LedgerEntry {
  readonly schemaVersion: 1;
  readonly model: string;
  /** 1, 2, 3, ... without gaps. */
  readonly generation: number;
  /** SHA-256 of the bytes of the entry before; null in the first. */
  readonly previous: Sha256 | null;
  /** Names the decision whoever writes it and however often: the same id is never entered twice. */
  readonly decisionId: string;
  readonly decision: Decision;
  readonly actor: string;
  /** One sentence. */
  readonly reason: string;
  /** ISO 8601 in UTC, by the writer's clock. */
  readonly at: string;
  /** Digests of what the decision rests on, by name: evaluation, split, snapshot, spec. */
  readonly evidence: Readonly<Record<string, Sha256>>;
}
