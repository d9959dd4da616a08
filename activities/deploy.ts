import type { Ref } from '../src/domain/artifact.js';
import { DeployUnconfirmedError } from '../src/errors.js';
import { awaitServed } from '../src/serving/live-servers.js';
import type { ActivityDeps } from './deps.js';

/**
 * Waits until every live model server answers with the new bundle. The promotion stands in any case: `servers`
 * are those that did, and one that does not follow in time is named in `note`.
 */
export async function deploy(
  { store }: ActivityDeps,
  { model, bundle, timeoutMs }: { readonly model: string; readonly bundle: Ref; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<{ servers: readonly string[]; note?: string }> {
  try {
    const { servers } = await awaitServed({ store, model, digest: bundle.sha256, timeoutMs, signal });
    return { servers };
  } catch (error) {
    if (!(error instanceof DeployUnconfirmedError)) throw error;
    // `awaitServed` puts them there.
    return { servers: error.details['confirmed'] as readonly string[], note: error.message };
  }
}
