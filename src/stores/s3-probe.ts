import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from './digest.js';
import type { ArtifactStore, FileBody } from './store.js';
import type { Place } from './verify.js';

/** Tries whether an upload in parts that meets a taken key is refused when it is completed, as a plain create is. */
export async function completesConditionally(
  store: ArtifactStore,
  createInParts: (place: Place, file: FileBody) => Promise<'created' | 'exists'>,
): Promise<boolean> {
  const key = `staging/probe/${randomUUID()}-parts`;
  const folder = await mkdtemp(join(tmpdir(), 'perennial-probe-'));
  try {
    const file = join(folder, 'second');
    await writeFile(file, 'second');
    await store.create(key, Buffer.from('first'));
    const body = { path: file, sha256: sha256Hex('second'), bytes: 6 };
    return (await createInParts({ store: store.name, key }, body)) === 'exists';
  } finally {
    await rm(folder, { recursive: true, force: true });
    await store.remove(key).catch(() => undefined);
  }
}
