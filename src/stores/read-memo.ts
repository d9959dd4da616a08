import { rethrowUnlessDamage } from './find-damage.js';
import type { ArtifactStore, CallOptions } from './store.js';

/**
 * The JSON of an object that saves work and is no evidence: undefined when it is not there, damaged, or no JSON, because
 * then the work is done again. What the JSON is, the caller must look at.
 *
 * @throws {StoreUnavailableError} when the store is away
 */
export async function readMemo(store: ArtifactStore, key: string, options: CallOptions): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await store.read(key, undefined, options);
  } catch (error) {
    await rethrowUnlessDamage(store, error, options);
    return undefined;
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
