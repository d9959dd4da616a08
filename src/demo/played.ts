import type { LedgerEntry } from '../domain/ledger.js';
import type { RunRecord } from '../domain/run.js';
import type { Trouble } from './calendar.js';

/** One week of the demo: the run on its data, and what was served in the week after. */
export interface PlayedWeek {
  /** The Monday of the newest week that the run saw. */
  readonly week: string;
  /** The Monday of the week that was served then. */
  readonly served: string;
  readonly record: RunRecord;
  /** The version that served. */
  readonly liveVersion: number;
  /** All versions that answered, as the server named them: one. */
  readonly versions: readonly string[];
  /** Flights that the model server was asked about. */
  readonly asked: number;
  /** What became of them, for what was live, for the first model and for the newest candidate. */
  readonly live: { readonly auc: number; readonly brier: number };
  readonly frozen: { readonly auc: number; readonly brier: number };
  readonly newest: { readonly auc: number; readonly brier: number };
  /** Wall time of all of it. */
  readonly seconds: number;
}

/** One planned trouble and what came of it. */
export interface PlayedFault {
  readonly kind: Trouble;
  /** The Monday of the newest week. */
  readonly week: string;
  /** Workflow id of the run that met it. */
  readonly runId: string;
  readonly record: RunRecord;
  /** One sentence: what happened. */
  readonly happened: string;
}

/** Something that the demo says about itself, and whether it was so. */
export interface Claim {
  readonly claim: string;
  readonly holds: boolean;
}

/** All that was measured in one demo. */
export interface Played {
  readonly weeks: readonly PlayedWeek[];
  readonly faults: readonly PlayedFault[];
  readonly ledger: readonly LedgerEntry[];
  readonly claims: readonly Claim[];
  readonly seconds: number;
}
