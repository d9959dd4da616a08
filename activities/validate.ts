import { contractOf } from '../src/contracts/index.js';
import type { Ref } from '../src/domain/artifact.js';
import type { Contract, ContractFinding } from '../src/domain/contract.js';
import type { Snapshot, SnapshotPart, ValidationReport } from '../src/domain/data.js';
import type { DriftFinding } from '../src/domain/drift.js';
import type { TableProfile } from '../src/domain/profile.js';
import { ageFindings, hasAgeRule, type ObjectProfile } from '../src/data/age-rule.js';
import { buildSnapshot } from '../src/data/snapshot.js';
import type { StoredSpec } from '../src/spec/spec.js';
import { mergeProfiles } from '../src/statistics/merge-profiles.js';
import { manifestRef, putManifest, readManifest } from '../src/stores/blobs.js';
import type { CheckedPart } from './check-part.js';
import { bySource, checkParts, freshParts } from './check-parts.js';
import type { ActivityDeps } from './deps.js';
import { findDrift } from './find-drift.js';
import type { IngestInput } from './ingest.js';
import { IngestProgress } from './ingest-progress.js';
import { withScratch } from './scratch.js';
import { snapshotBefore } from './snapshot-before.js';
import { contractBroken, driftBlocked, reportMessage, warningsOf } from './validation-words.js';

export interface ValidateInput extends IngestInput {
  readonly snapshot: Ref;
}

export interface Validated {
  /** The snapshot to go on from: new parts have their profiles, and are without the rows that were set aside. */
  readonly snapshot: Ref;
  readonly report: Ref;
  /** Rows of that snapshot. */
  readonly rows: number;
  readonly message: string;
  /** What people should know although the run goes on, a sentence each, at most 20. */
  readonly warnings?: readonly string[];
}

/**
 * Checks what is new in a snapshot against the contract, sets bad rows aside where the contract says so, profiles the rest,
 * and compares it with what the champion learned from. The parts of the snapshot before were checked when they came,
 * against the same contract: one that changed has made its parts new, see {@link readingDigest}.
 *
 * @throws {ContractViolatedError} with every finding that blocks and the owner who must act; {@link DriftBlockedError}
 *   with the columns; {@link CheckFailedError} for a rule that cannot be measured. The report is stored before.
 */
export async function validate(deps: ActivityDeps, input: ValidateInput, signal: AbortSignal): Promise<Validated> {
  const { store, remembered } = deps;
  const forgotten = new IngestProgress(store, input).forget({ signal });
  const [stored, snapshot, { snapshot: before }] = await Promise.all([
    readManifest<StoredSpec>(remembered, input.spec, { signal }),
    readManifest<Snapshot>(store, input.snapshot, { signal }),
    snapshotBefore(store, input.model, input.previous, { signal }),
  ]);
  const { spec } = stored;
  const contract = contractOf(stored);
  const fresh = freshParts(snapshot, before);
  const checked = await withScratch(deps.scratchFolder, (scratch) =>
    checkParts(deps, { spec, contract, fresh, checkedBefore: before?.parts ?? [], scratch }, signal),
  );
  const validated = withChecked(snapshot, checked);
  const ages = await findAges(deps, contract, validated, checked, signal);
  const findings = inOrderOfSeverity([...checked.flatMap((each) => each.findings), ...ages]);
  const isBroken = findings.some(({ severity }) => severity === 'block');
  const profiles = profilesOf(checked);
  const drift = isBroken ? undefined : await findDrift(deps, input.model, profiles, spec.drift, { signal });
  // What breaks the contract is no snapshot to go on from.
  const ref = isBroken ? input.snapshot : manifestRef('snapshot', validated);
  const report = reportOf({ snapshot: ref, fresh, checked, findings, profiles, ...(drift && { drift }) });
  const [reportRef] = await Promise.all([
    putManifest(store, 'report', report, { signal }),
    !isBroken && putManifest(store, 'snapshot', validated, { signal }),
    forgotten,
  ]);
  if (isBroken) throw contractBroken(spec, findings, reportRef);
  const shifts = drift?.filter(({ kind, state }) => state === 'drift' && spec.drift[kind] === 'block') ?? [];
  if (shifts.length > 0) throw driftBlocked(spec, shifts, reportRef);
  const warnings = warningsOf(checked, findings, drift ?? []);
  return {
    snapshot: ref,
    report: reportRef,
    rows: validated.rows,
    message: reportMessage(report, contract),
    ...(warnings.length > 0 && { warnings }),
  };
}

function withChecked(snapshot: Snapshot, checked: readonly CheckedPart[]): Snapshot {
  const placeOf = ({ source, object }: SnapshotPart) => JSON.stringify([source, object.id]);
  const done = new Map(checked.map(({ part }) => [placeOf(part), part]));
  return buildSnapshot(
    snapshot.model,
    snapshot.parts.map((part) => done.get(placeOf(part)) ?? part),
  );
}

/** Rules on age are about all files of a source: also when nothing new has come. */
async function findAges(
  { store }: ActivityDeps,
  contract: Contract,
  snapshot: Snapshot,
  checked: readonly CheckedPart[],
  signal: AbortSignal,
): Promise<ContractFinding[]> {
  const fresh = new Map(checked.map(({ part, profile }) => [part.profile?.sha256, profile]));
  const findings: ContractFinding[] = [];
  for (const [source, parts] of bySource(snapshot.parts)) {
    const checks = contract.tables[source]?.checks ?? [];
    if (!hasAgeRule(checks)) continue;
    const files: ObjectProfile[] = [];
    for (const { object, profile: ref } of parts) {
      const profile = fresh.get(ref?.sha256) ?? (ref && (await readManifest<TableProfile>(store, ref, { signal })));
      if (profile) files.push({ object: object.id, profile });
    }
    findings.push(...ageFindings(source, checks, files, Date.now()));
  }
  return findings;
}

function profilesOf(checked: readonly CheckedPart[]): Record<string, TableProfile> {
  const profiles: Record<string, TableProfile[]> = {};
  for (const { part, profile } of checked) (profiles[part.source] ??= []).push(profile);
  return Object.fromEntries(Object.entries(profiles).map(([source, all]) => [source, mergeProfiles(all)]));
}

/** Findings that a report keeps: of a thousand files that are all wrong, the first hundreds say why. */
const MOST_FINDINGS = 1000;

function inOrderOfSeverity(findings: readonly ContractFinding[]): ContractFinding[] {
  const order = ['block', 'quarantine', 'warn'];
  return findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

function reportOf(done: {
  readonly snapshot: Ref;
  readonly fresh: readonly SnapshotPart[];
  readonly checked: readonly CheckedPart[];
  readonly findings: readonly ContractFinding[];
  readonly profiles: Readonly<Record<string, TableProfile>>;
  readonly drift?: readonly DriftFinding[];
}): ValidationReport {
  const { snapshot, fresh, checked, findings, profiles, drift } = done;
  return {
    kind: 'validation',
    schemaVersion: 1,
    snapshot: snapshot.sha256,
    checkedParts: fresh.length,
    checkedRows: fresh.reduce((sum, { rows }) => sum + rows, 0),
    findings: findings.slice(0, MOST_FINDINGS),
    ...(findings.length > MOST_FINDINGS && { moreFindings: findings.length - MOST_FINDINGS }),
    quarantinedRows: checked.reduce((sum, { part }) => sum + (part.quarantine?.rows ?? 0), 0),
    profiles,
    ...(drift && { drift }),
  };
}
