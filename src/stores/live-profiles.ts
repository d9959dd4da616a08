import { livePrefix, type Sha256 } from '../domain/artifact.js';
import type { TableProfile } from '../domain/profile.js';
import { PerennialError } from '../errors.js';
import { mergeProfiles } from '../statistics/merge-profiles.js';
import type { ArtifactStore, CallOptions } from './store.js';

/** What one server was asked on one day for one bundle: `live/<model>/<bundle>/<day>.<instance>.json`. */
export interface LiveProfile {
  readonly kind: 'live-profile';
  readonly schemaVersion: 1;
  readonly model: string;
  readonly bundle: Sha256;
  /** Of the first and the last request in it: ISO 8601 in UTC, by the server's clock. */
  readonly from: string;
  readonly to: string;
  /** The rows that were asked about. */
  readonly profile: TableProfile;
}

/** Key of what this instance was asked on this day (`2026-01-31`). */
export function liveProfileKey(model: string, bundle: Sha256, day: string, instance: string): string {
  return `${livePrefix(model, bundle)}${day}.${instance}.json`;
}

export interface LiveProfileOptions extends CallOptions {
  /** Days that are looked at, the current one included. Default: 7. */
  readonly days?: number;
  /** Default: now. */
  readonly now?: Date;
}

/**
 * What all servers together were asked for this bundle in the last days; undefined when nobody asked. It is a measurement
 * and no evidence: a file that cannot be read is left out.
 */
export async function readLiveProfile(
  store: ArtifactStore,
  model: string,
  bundle: Sha256,
  { days = 7, now = new Date(), ...options }: LiveProfileOptions = {},
): Promise<TableProfile | undefined> {
  const first = new Date(now.getTime() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
  const keys: string[] = [];
  for await (const { key } of store.list(livePrefix(model, bundle), options)) {
    const day = key.slice(livePrefix(model, bundle).length).slice(0, 10);
    if (day >= first) keys.push(key);
  }
  const found = await Promise.all(keys.map((key) => readOne(store, key, bundle, options)));
  const profiles = found.flatMap((each) => (each ? [each.profile] : []));
  return profiles.length === 0 ? undefined : mergeProfiles(profiles);
}

async function readOne(
  store: ArtifactStore,
  key: string,
  bundle: Sha256,
  options: CallOptions,
): Promise<LiveProfile | undefined> {
  try {
    const value = JSON.parse((await store.read(key, undefined, options)).toString('utf8')) as Partial<LiveProfile>;
    const fits = value.kind === 'live-profile' && value.schemaVersion === 1 && value.bundle === bundle;
    return fits && Array.isArray(value.profile?.columns) ? (value as LiveProfile) : undefined;
  } catch (error) {
    // A store that is away is another matter: the step that asked is tried again.
    if (error instanceof PerennialError && error.next === 'retry') throw error;
    options.signal?.throwIfAborted();
    return undefined;
  }
}
