import { join } from 'node:path';
import type { Ref } from '../src/domain/artifact.js';
import type { ColumnProfile, ContractFinding, Snapshot, SnapshotPart, ValidationReport } from '../src/domain/data.js';
import { checkContract, type PartFile } from '../src/data/contract.js';
import { profileColumns } from '../src/data/profile.js';
import { ContractViolatedError } from '../src/errors.js';
import type { ModelSpec, StoredSpec } from '../src/spec.js';
import { putManifest, readManifest } from '../src/stores/blobs.js';
import type { ActivityDeps } from './deps.js';
import type { IngestInput } from './ingest.js';
import { withScratch } from './scratch.js';

export interface ValidateInput extends IngestInput {
  readonly snapshot: Ref;
}

export interface Validated {
  readonly report: Ref;
  readonly message: string;
}

/**
 * Checks what is new in a snapshot against the contract and profiles it. The parts of the snapshot before were checked
 * when they came, against the same contract: one that changed has made its parts new, see {@link readingDigest}.
 *
 * @throws {ContractViolatedError} with every finding and the owner who must act; the report is stored before
 */
export async function validate(deps: ActivityDeps, input: ValidateInput, signal: AbortSignal): Promise<Validated> {
  const { store, cache } = deps;
  const [{ spec }, snapshot, before] = await Promise.all([
    readManifest<StoredSpec>(store, input.spec),
    readManifest<Snapshot>(store, input.snapshot),
    input.previous && readManifest<Snapshot>(store, input.previous),
  ]);
  const known = new Set(before?.parts.map(checkedAs));
  const fresh = snapshot.parts.filter((part) => !known.has(checkedAs(part)));
  return await withScratch(deps.scratchFolder, async (scratch) => {
    const options = { signal, tempFolder: join(scratch, 'spill') };
    const findings: ContractFinding[] = [];
    const profiles: Record<string, readonly ColumnProfile[]> = {};
    for (const [name, parts] of bySource(fresh)) {
      const files: PartFile[] = [];
      for (const part of parts) files.push({ part, file: await cache.file(part.ref, { signal }) });
      const contract = spec.contract[name];
      const found = contract ? await checkContract(files, contract, options) : [];
      findings.push(...found);
      const paths = files.map(({ file }) => file);
      // Parts that break their contract may have other columns each, of which no common profile can be made.
      if (found.length === 0) profiles[name] = await profileColumns(paths, options);
    }
    const report: ValidationReport = {
      kind: 'validation',
      schemaVersion: 1,
      snapshot: input.snapshot.sha256,
      checkedParts: fresh.length,
      checkedRows: fresh.reduce((sum, { rows }) => sum + rows, 0),
      findings,
      profiles,
    };
    const ref = await putManifest(store, 'report', report, { signal });
    if (findings.length > 0) throw broken(spec, findings, ref);
    return { report: ref, message: `kept by ${report.checkedParts} files with ${report.checkedRows} rows` };
  });
}

/** The same rows under another contract are not the same: they were never checked against it. */
function checkedAs({ source, ref, reading = '' }: SnapshotPart): string {
  return `${source} ${ref.sha256} ${reading}`;
}

function bySource(parts: readonly SnapshotPart[]): Map<string, SnapshotPart[]> {
  const sources = new Map<string, SnapshotPart[]>();
  for (const part of parts) sources.set(part.source, [...(sources.get(part.source) ?? []), part]);
  return sources;
}

function broken(spec: ModelSpec, findings: readonly ContractFinding[], report: Ref): ContractViolatedError {
  const shown = findings.slice(0, 5).map(({ source, object, message }) => `${source}/${object}: ${message}`);
  const more = findings.length > shown.length ? ` (and ${findings.length - shown.length} more findings)` : '';
  const columns = [...new Set(findings.map(({ column }) => column).filter((column) => column !== ''))];
  const message = `new data breaks the contract: ${shown.join('; ')}${more}. ${spec.owners.data} must act`;
  return new ContractViolatedError(message, {
    fix: `${spec.owners.data}: deliver the file again as the contract wants it, or agree on another contract and apply the spec.`,
    details: { owner: spec.owners.data, columns, findings: findings.slice(0, 50), report },
  });
}
