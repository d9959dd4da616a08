import { contractOf } from '../contracts/index.js';
import type { Sha256 } from '../domain/artifact.js';
import { canonicalJson } from '../domain/canonical.js';
import type { ContractTable } from '../domain/contract.js';
import type { StoredSpec } from '../spec/spec.js';
import { sha256Hex } from '../stores/digest.js';

/**
 * Version of the code that turns objects into parts. Raise it when the same bytes would give another part than before:
 * every part is then read again, once, by the next run of each model.
 */
const READER = 2;

/**
 * Digest of all that shapes how objects of this source are read and checked, apart from their bytes. A part with another
 * digest says what the objects were under another spec, and is read again.
 *
 * It covers the whole contract of the source and not only the types that the reader uses: a part that is kept is not
 * checked again, so a bound that has changed must make it new too. Reading again what only needs checking costs some time
 * on the rare day that a contract changes, and needs no second digest with rules of its own.
 */
export function readingDigest(stored: Pick<StoredSpec, 'spec' | 'contractFile'>, source: string): Sha256 {
  const declared = stored.spec.sources[source];
  const table = contractOf(stored).tables[source];
  return sha256Hex(
    canonicalJson({
      reader: READER,
      format: declared && 'format' in declared ? declared.format : undefined,
      eventTime: stored.spec.task.eventTime,
      sourceEventTime: declared?.eventTime,
      contract: table && inAnyOrder(table),
    }),
  );
}

/** Columns and checks are sets: writing them in another order changes nothing. */
function inAnyOrder({ columns, checks, ...table }: ContractTable): object {
  return {
    ...table,
    columns: Object.fromEntries(columns.map((column) => [column.name, { ...column, roles: column.roles.toSorted() }])),
    checks: Object.fromEntries(checks.map((check) => [check.id, check])),
  };
}
