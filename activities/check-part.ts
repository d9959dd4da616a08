import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sensitiveColumns, withoutValues } from '../src/contracts/sensitive-columns.js';
import type { Ref } from '../src/domain/artifact.js';
import type { ContractFinding, ContractTable } from '../src/domain/contract.js';
import type { SnapshotPart } from '../src/domain/data.js';
import type { TableProfile } from '../src/domain/profile.js';
import { canonicalJson } from '../src/domain/canonical.js';
import { ofRows } from '../src/data/expectation.js';
import { inspectPart, type Inspection } from '../src/data/inspect-part.js';
import { quarantineRows } from '../src/data/quarantine.js';
import type { Finding } from '../src/data/structure.js';
import { putBlob } from '../src/stores/blobs.js';
import { CheckFailedError } from '../src/errors.js';
import type { ActivityDeps } from './deps.js';

export interface CheckPartInput {
  readonly part: SnapshotPart;
  readonly contract?: ContractTable;
  /** An earlier profile of the source, so that the new one merges with it. */
  readonly known?: TableProfile;
  /** The event-time column of the source; without one, times of the part are not of its rows and stay. */
  readonly eventTime?: string;
  readonly scratch: string;
}

export interface CheckedPart {
  /** With its profile; without the rows that were set aside. */
  readonly part: SnapshotPart;
  readonly profile: TableProfile;
  readonly findings: readonly ContractFinding[];
}

/**
 * Checks and profiles one new part. Rows that break a rule of severity `quarantine` are set aside; rules on rows are judged
 * on the part as it came, rules on the whole table on what is left of it. When more than half of the rows would go, the
 * part blocks instead: then not some rows are wrong, but the file or the rule.
 *
 * @throws {CheckFailedError} for a rule that cannot be measured, naming it and the file
 */
export async function checkPart(deps: ActivityDeps, input: CheckPartInput, signal: AbortSignal): Promise<CheckedPart> {
  const { part, contract, known, scratch } = input;
  const table = { table: part.source, ...(known && { known }) };
  const options = { signal, tempFolder: join(scratch, 'spill') };
  const file = await deps.cache.file(part.ref, { signal });
  const where = { source: part.source, object: part.object.id };
  const inspect = (path: string, rules?: ContractTable) =>
    inspectPart({ files: [path], ...table, ...(rules && { contract: rules }) }, options).catch(namingFile(where));
  const seen = await inspect(file, contract);
  const hidden = sensitiveColumns(contract ? [contract] : []);
  const done = async (
    next: SnapshotPart,
    inspection: Inspection,
    findings: readonly Finding[],
  ): Promise<CheckedPart> => {
    const profile = withoutValues(inspection.profile, hidden);
    return {
      part: { ...next, profile: await putBlob(deps.store, Buffer.from(canonicalJson(profile)), { signal }) },
      profile,
      findings: findings.map((finding) => ({ ...where, ...finding })),
    };
  };

  const wholeTable = contract?.checks.filter(({ measure }) => OF_THE_TABLE.has(measure.kind)) ?? [];
  const ids = new Set(wholeTable.map(({ id }) => id));
  const ofRowsOnly = seen.findings.filter(({ check }) => !ids.has(check));
  const isBlocked = ofRowsOnly.some(({ severity }) => severity === 'block');
  if (seen.quarantine.length === 0 || isBlocked) return await done(part, seen, seen.findings);

  const folder = await mkdtemp(join(scratch, 'quarantine-'));
  const [cleanFile, badFile] = [join(folder, 'clean.parquet'), join(folder, 'bad.parquet')];
  const { clean, bad } = await quarantineRows({ file, rules: seen.quarantine, cleanFile, badFile }, options);
  if (bad.rows > part.rows / 2) return await done(part, seen, [...ofRowsOnly, tooMany(bad.rows, seen)]);
  const rules = { columns: [], checks: wholeTable };
  const left = await inspect(cleanFile, rules);
  await keepFile(deps, cleanFile, clean.ref, signal);
  await keepFile(deps, badFile, bad.ref, signal);
  await rm(folder, { recursive: true });
  const { from, to, ...rest } = part;
  const times = input.eventTime === undefined ? { from, to } : timesOf(left.profile, input.eventTime);
  const cleaned: SnapshotPart = {
    ...rest,
    ref: clean.ref,
    rows: clean.rows,
    ...(times.from !== undefined && { from: times.from }),
    ...(times.to !== undefined && { to: times.to }),
    quarantine: { ref: bad.ref, rows: bad.rows },
  };
  return await done(cleaned, left, [...ofRowsOnly, ...left.findings]);
}

const OF_THE_TABLE: ReadonlySet<string> = new Set(['rowCount', 'distinct', 'sql']);

/** A rule may fail on the rows of one file only. */
function namingFile({
  source,
  object,
}: {
  readonly source: string;
  readonly object: string;
}): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof CheckFailedError)) throw error;
    const { message, fix, details, cause } = error;
    throw new CheckFailedError(`${source}/${object}: ${message}`, {
      ...(fix !== undefined && { fix }),
      details: { ...details, source, object },
      cause,
    });
  };
}

async function keepFile({ store }: ActivityDeps, path: string, ref: Ref, signal: AbortSignal): Promise<void> {
  await putBlob(store, { path, sha256: ref.sha256, bytes: ref.bytes }, { signal });
}

function tooMany(count: number, { rows, quarantine }: Inspection): Finding {
  const rules = quarantine.map(({ check }) => check).join(', ');
  const message = `${ofRows(count, rows)} break rules by which rows are set aside (${rules}), want at most half of the rows`;
  return { column: '', check: 'quarantine', severity: 'block', message, badRows: count };
}

function timesOf(profile: TableProfile, column: string): { readonly from?: string; readonly to?: string } {
  const numbers = profile.columns.find(({ name }) => name === column)?.numbers;
  const [from, to] = [new Date(numbers?.min ?? Number.NaN), new Date(numbers?.max ?? Number.NaN)];
  // No times are left, or they are beyond the calendar.
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) return {};
  return { from: from.toISOString(), to: to.toISOString() };
}
