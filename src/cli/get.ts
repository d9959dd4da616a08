import { digestOfKey, isSha256, blobKey, manifestKey, MANIFEST_KINDS, type Ref } from '../domain/artifact.js';
import { NotFoundError, UsageError } from '../errors.js';
import type { ArtifactStore } from '../stores/store.js';
import type { Command } from './command.js';
import { OUTPUT_OPTION } from './write-new.js';

/** What fits on a screen and into a JSON document. */
const MOST_SHOWN = 1024 * 1024;

export const get: Command = {
  name: 'get',
  summary: 'Takes an object out of the store, checked against its digest: rows that were set aside, a log, a manifest.',
  examples: [
    'get blobs/sha256/3f/3f0c...e1 -o set-aside.parquet',
    'get 3f0c...e1 (all 64 characters of a digest from a run)',
  ],
  arguments: [{ name: '<object>', description: 'a key that begins with blobs/ or manifests/, or a digest' }],
  options: [OUTPUT_OPTION],
  connects: true,
  async run(context) {
    const [word = ''] = context.words;
    const output = context.text('output');
    const [{ connectionOf }, { openStoreAt }] = await Promise.all([
      import('./connection-options.js'),
      import('./connect.js'),
    ]);
    const store = openStoreAt(connectionOf(context));
    try {
      const ref = await find(store, word, context.signal);
      if (output !== undefined) {
        const { existsSync } = await import('node:fs');
        if (existsSync(output)) {
          throw new UsageError(`Cannot write "${output}": there is such a file`, { fix: 'Name another file with -o' });
        }
        await store.download(ref, output, { signal: context.signal });
        context.answer({ ...ref, file: output }, () => `${ref.bytes} bytes, whole, in ${output}`);
        return;
      }
      const text =
        ref.bytes <= MOST_SHOWN ? textOf(await store.read(ref.key, ref, { signal: context.signal })) : undefined;
      if (text === undefined) {
        throw new UsageError(
          `Cannot show ${ref.key}: it is no text, or longer than a screen takes (${ref.bytes} bytes)`,
          {
            fix: `perennial get ${word} -o FILE`,
          },
        );
      }
      context.answer({ ...ref, text }, () => text);
    } finally {
      await store.close();
    }
  },
};

/** The object's reference: what is named by its digest can be checked by it. */
async function find(store: ArtifactStore, word: string, signal: AbortSignal): Promise<Ref> {
  const sha256 = isSha256(word) ? word : digestOfKey(word);
  if (sha256 === undefined) {
    throw new UsageError(`Cannot get "${word.slice(0, 100)}": want a digest, or a key of a blob or a manifest`, {
      fix: 'perennial show MODEL RUN --json has the keys and digests of a run.',
    });
  }
  const keys = isSha256(word) ? [blobKey(sha256), ...MANIFEST_KINDS.map((kind) => manifestKey(kind, sha256))] : [word];
  const found = await Promise.all(keys.map(async (key) => ({ key, size: await store.stat(key, { signal }) })));
  const there = found.find(({ size }) => size !== undefined);
  if (there?.size) return { key: there.key, sha256, bytes: there.size.bytes };
  throw new NotFoundError(`Cannot get "${word}": there is no such object in ${store.name}`, {
    fix: 'Check that this is the store of the model: perennial doctor',
  });
}

/** Bytes that people can read; undefined for all else. */
function textOf(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
