import { LedgerLog } from './ledger-log.js';
import type { ArtifactStore } from './store.js';

/**
 * One log a model for as long as a process lives: a log remembers what it has verified, so that a look at a ledger of a
 * thousand decisions costs one request, and one more for each new one. Logs may be used by many at the same time.
 */
export function sharedLedgers(store: ArtifactStore): (model: string) => LedgerLog {
  const logs = new Map<string, LedgerLog>();
  return (model) => {
    const log = logs.get(model) ?? new LedgerLog(store, model);
    logs.set(model, log);
    return log;
  };
}
