import { ArtifactMissingError, UsageError } from '../errors.js';
import type { StoredSpec } from '../spec/spec.js';
import { putBlob } from '../stores/blobs.js';
import { MendingStore } from '../stores/mending-store.js';
import type { ArtifactStore } from '../stores/store.js';

/** Puts the packed code of a spec into the store; what is damaged there is mended. Without a tar it must be there. */
export async function keepCode(store: ArtifactStore, { spec, code }: StoredSpec, tar?: Buffer): Promise<void> {
  if (!code) {
    if (spec.trainer.code === undefined) return;
    throw new UsageError(`Cannot apply "${spec.name}": found trainer.code "${spec.trainer.code}" that was not packed`, {
      fix: 'Hand over what `readSpecFile` gives for the spec file: it packs the folder.',
    });
  }
  if (tar) {
    await putBlob(new MendingStore(store), tar);
    return;
  }
  if (await store.stat(code.ref.key)) return;
  throw new ArtifactMissingError(
    `Cannot apply "${spec.name}": its code bundle "${code.ref.key}" is not in ${store.name}`,
    {
      fix: 'Apply the spec file, beside which the code is: `perennial apply FILE` packs it anew.',
      details: { store: store.name, key: code.ref.key },
    },
  );
}
