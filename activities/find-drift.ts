import type { Split, DataProfile } from '../src/domain/data.js';
import type { DriftFinding } from '../src/domain/drift.js';
import type { ModelBundle } from '../src/domain/model.js';
import type { TableProfile } from '../src/domain/profile.js';
import type { DriftSpec } from '../src/spec/spec.js';
import { compareProfiles } from '../src/statistics/drift/compare-profiles.js';
import { readManifest, readManifestOf } from '../src/stores/blobs.js';
import { readLiveProfile } from '../src/stores/live-profiles.js';
import type { CallOptions } from '../src/stores/store.js';
import type { ActivityDeps } from './deps.js';

/**
 * Compares new rows of the sources, and what users asked the champion in the last days, with what the champion learned
 * from. Undefined when there is nothing to compare with: no champion, or one from before profiles were kept.
 *
 * @param fresh profiles of the new rows, by source name
 */
export async function findDrift(
  { store, remembered, ledger }: Pick<ActivityDeps, 'store' | 'remembered' | 'ledger'>,
  model: string,
  fresh: Readonly<Record<string, TableProfile>>,
  spec: DriftSpec,
  options: CallOptions,
): Promise<DriftFinding[] | undefined> {
  if (spec.data === 'off' && spec.skew === 'off') return undefined;
  const { state } = await ledger(model).read(options);
  const bundle = state.champion?.bundle;
  if (bundle === undefined) return undefined;
  const { split } = await readManifestOf<ModelBundle>(remembered, 'bundle', bundle, options);
  // Splits of earlier versions have no profile.
  const { profile } = await readManifestOf<Partial<Split>>(remembered, 'split', split, options);
  if (!profile) return undefined;
  const learned = await readManifest<DataProfile>(remembered, profile, options);
  const findings: DriftFinding[] = [];
  for (const [source, current] of spec.data === 'off' ? [] : Object.entries(fresh)) {
    const reference = learned.sources[source];
    if (reference) findings.push(...compareProfiles(reference, current, spec, { kind: 'data', table: source }));
  }
  const asked = spec.skew === 'off' ? undefined : await readLiveProfile(store, model, bundle, options);
  if (asked) findings.push(...compareProfiles(learned.training, asked, spec, { kind: 'skew', table: 'training' }));
  return findings;
}
