import { link, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SourceRefusedError } from '../../../src/errors.js';
import { FileSource } from '../../../src/sources/file-source.js';
import { openSource } from '../../../src/sources/index.js';
import { folderSourceContract } from '../../contracts/source.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'perennial-files-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

let places = 0;
async function newFolder(): Promise<string> {
  const folder = join(root, `place-${(places += 1)}`);
  await mkdir(folder);
  return folder;
}

folderSourceContract('FileSource', {
  id: (name) => name,
  place: async () => {
    const folder = await newFolder();
    return {
      source: new FileSource(folder),
      put: async (id, bytes) => {
        await mkdir(dirname(join(folder, id)), { recursive: true });
        await writeFile(join(folder, id), bytes);
      },
      remove: async (id) => rm(join(folder, id)),
    };
  },
  missing: async () => new FileSource(join(root, 'nowhere')),
});

describe('FileSource', () => {
  it('takes a single file as a source of one object', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, '_odd.csv'), 'a\n1\n');
    const source = new FileSource(join(folder, '_odd.csv'));
    const [object] = await source.list();
    expect(object).toMatchObject({ id: '_odd.csv', bytes: 4 });
    expect(await source.fetch(object!, join(root, 'single'))).toMatchObject({ bytes: 4 });
  });

  it('follows links inside the folder and refuses those that lead out', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'a'));
    await writeFile(join(folder, 'a', 'x.csv'), 'x');
    await symlink(join(folder, 'a', 'x.csv'), join(folder, 'y.csv'));
    await symlink('..', join(folder, 'a', 'up'));
    const source = new FileSource(folder);
    expect((await source.list()).map(({ id }) => id)).toEqual(['a/x.csv', 'y.csv']);
    await writeFile(join(root, 'secret'), 'secret');
    await symlink(join(root, 'secret'), join(folder, 'z.csv'));
    await expect(source.list()).rejects.toThrow(SourceRefusedError);
    await expect(source.list()).rejects.toThrow(/"z.csv".*leads out of the folder/);
  });

  it('fetches nothing outside of the folder, whatever the id says', async () => {
    const folder = await newFolder();
    await writeFile(join(root, 'outside.csv'), 'secret');
    const source = new FileSource(folder);
    for (const id of ['../outside.csv', 'a/../../outside.csv', '/etc/passwd', '.', '']) {
      await expect(source.fetch({ id, version: '6-1', bytes: 6 }, join(root, 'stolen')), id).rejects.toThrow();
    }
    await symlink(join(root, 'outside.csv'), join(folder, 'link.csv'));
    const object = { id: 'link.csv', version: '6-1', bytes: 6 };
    await expect(source.fetch(object, join(root, 'stolen'))).rejects.toThrow(SourceRefusedError);
  });

  it('sees a file that was replaced by another of the same size', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'a.csv'), 'one');
    const source = new FileSource(folder);
    const [before] = await source.list();
    await writeFile(join(folder, '.a.csv'), 'two');
    await rename(join(folder, '.a.csv'), join(folder, 'a.csv'));
    await expect(source.fetch(before!, join(root, 'replaced'))).rejects.toThrow(/changed since it was listed/);
  });

  it('counts hard links as files of their own', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'a.csv'), 'one');
    await link(join(folder, 'a.csv'), join(folder, 'b.csv'));
    expect((await new FileSource(folder).list()).map(({ id }) => id)).toEqual(['a.csv', 'b.csv']);
  });

  it('is relative to the folder of the spec', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, 'a.csv'), 'one');
    const source = openSource({ kind: 'file', path: 'a.csv' }, { baseFolder: folder });
    expect(await source.list()).toHaveLength(1);
  });
});
