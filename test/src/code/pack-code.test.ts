import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { MOST_BYTES, MOST_FILES } from '../../../src/code/code-limits.js';
import { readTar } from '../../../src/code/code-tar.js';
import { packCode } from '../../../src/code/pack-code.js';
import { temporaryFolder } from '../dev/stand-ins.js';
import { writeTree, type TreeFile } from './tree.js';

const HASH = `--hash=sha256:${'a'.repeat(64)}`;

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const digest = async (place: string) => (await packCode(place)).bundle.ref.sha256;
const paths = async (place: string) => (await packCode(place)).files.map((file) => file.path);

describe('a packed folder', () => {
  it('has the same digest on every machine: whatever the order, the times and the rights of others', async () => {
    const segment = fc.stringMatching(/^[a-zA-Zäé_][\w -]{0,12}$/);
    const name = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const file = fc.record({ content: fc.string({ maxLength: 2000 }), executable: fc.boolean() });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, file, { minKeys: 1, maxKeys: 12 }), fc.gen(), async (tree, random) => {
        const files = Object.entries(tree).filter(
          ([each]) => !Object.keys(tree).some((other) => other.toLowerCase().startsWith(`${each.toLowerCase()}/`)),
        );
        const written = (shared: number, order: typeof files) =>
          writeTree(
            path.join(folder, String((number += 1))),
            Object.fromEntries(
              order.map(([each, { content, executable }]): [string, TreeFile] => [
                each,
                { content, mode: executable ? 0o700 | shared : 0o600 | shared, mtime: random(fc.nat, { max: 2e9 }) },
              ]),
            ),
          );
        const shuffled = files.toSorted(() => (random(fc.boolean) ? 1 : -1));
        const [one, other] = [await written(0o044, files), await written(0o004, shuffled)];
        const { tar, bundle } = await packCode(one);
        expect(await digest(other)).toBe(bundle.ref.sha256);
        const unpacked = await readTar(tar);
        expect(Object.fromEntries(unpacked.map((each) => [each.path, each.content.toString()]))).toEqual(
          Object.fromEntries(files.map(([each, { content }]) => [each, content])),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('has another digest after a change of one byte, of a name or of what may be executed, and not of a time', async () => {
    await writeTree(folder, { 'train.py': 'x = 1\n', 'lib/a.py': '' });
    const first = await digest(folder);
    await utimes(path.join(folder, 'train.py'), 5, 5);
    await mkdir(path.join(folder, 'empty'));
    expect(await digest(folder)).toBe(first);
    const seen = new Set([first]);
    await writeFile(path.join(folder, 'train.py'), 'x = 2\n');
    seen.add(await digest(folder));
    await chmod(path.join(folder, 'train.py'), 0o755);
    seen.add(await digest(folder));
    await writeTree(folder, { 'lib/b.py': '' });
    seen.add(await digest(folder));
    expect(seen.size).toBe(4);
  });

  it('is a plain tar that any program unpacks, in the order of whole paths', async () => {
    const long = `${'deep/'.repeat(40)}${'n'.repeat(120)}.py`;
    await writeTree(folder, {
      'a.py': 'print(1)\n',
      'run.sh': { content: '', mode: 0o750 },
      [long]: 'x',
      'x/y.py': '',
      'x-y.py': '',
      'ä/ö.py': 'ü',
    });
    const { tar } = await packCode(folder);
    const listed = execFileSync('tar', ['--list', '--verbose', '--quoting-style=literal', '--numeric-owner'], {
      input: tar,
    });
    expect(
      listed
        .toString()
        .trim()
        .split('\n')
        .map((line) => line.replaceAll(/ +/g, ' ')),
    ).toEqual([
      '-rw-r--r-- 0/0 9 1970-01-01 00:00 a.py',
      `-rw-r--r-- 0/0 1 1970-01-01 00:00 ${long}`,
      '-rwxr-xr-x 0/0 0 1970-01-01 00:00 run.sh',
      '-rw-r--r-- 0/0 0 1970-01-01 00:00 x-y.py',
      '-rw-r--r-- 0/0 0 1970-01-01 00:00 x/y.py',
      '-rw-r--r-- 0/0 2 1970-01-01 00:00 ä/ö.py',
    ]);
  });

  it('leaves out what .perennialignore names, and what tools leave behind in any case', async () => {
    await writeTree(folder, {
      '.perennialignore': 'notebooks/\n*.parquet\n!keep.parquet\n!.git\n!__pycache__\n',
      'train.py': '',
      'notebooks/a.ipynb': '',
      'data/a.parquet': '',
      'data/keep.parquet': '',
      'lib/__pycache__/a.pyc': '',
      'lib/b.pyc': '',
      '.git/config': '',
      '.venv/bin/python': '',
      'node_modules/x/index.js': '',
      '.DS_Store': '',
    });
    await symlink('/etc', path.join(folder, 'notebooks', 'link'));
    expect(await paths(folder)).toEqual(['.perennialignore', 'data/keep.parquet', 'train.py']);
  });
});

describe('what cannot be packed is named', () => {
  it.each<[what: string, message: RegExp, make: () => Promise<unknown>]>([
    ['no folder', /found nothing there, want a folder/, () => rm(folder, { recursive: true })],
    [
      'a link',
      /found the symbolic link "lib\/out", want files/,
      () => symlink('/etc', path.join(folder, 'lib', 'out')),
    ],
    [
      'a pipe',
      /found "lib\/pipe", which is no regular file/,
      async () => execFileSync('mkfifo', [path.join(folder, 'lib', 'pipe')]),
    ],
    [
      'too many bytes',
      /found 220 MiB, want at most 100 MiB: most is in "data\/" \(200 MiB\), "model.bin" \(20\.0 MiB\)/,
      async () => {
        await writeTree(folder, { 'data/a': '', 'data/b': '', 'model.bin': '' });
        await truncate(path.join(folder, 'data', 'a'), MOST_BYTES);
        await truncate(path.join(folder, 'data', 'b'), MOST_BYTES);
        await truncate(path.join(folder, 'model.bin'), MOST_BYTES / 5);
      },
    ],
    [
      'too many files',
      /found 10001 files, want at most 10000: most is in "many\/" \(10000\)/,
      () => writeTree(folder, Object.fromEntries(Array.from({ length: MOST_FILES }, (_, i) => [`many/${i}`, '']))),
    ],
    [
      'a lock without hashes',
      /requirements\.lock:2: found "numpy==2" without a hash, want --hash=sha256/,
      () => writeTree(folder, { 'requirements.lock': `onnx==1 ${HASH}\nnumpy==2\n` }),
    ],
    [
      'a lock that goes on elsewhere',
      /requirements\.txt:1: found the option "-r more\.txt"/,
      () => writeTree(folder, { 'requirements.txt': '-r more.txt\n' }),
    ],
    ['half a project', /found uv\.lock without pyproject\.toml/, () => writeTree(folder, { 'uv.lock': '' })],
  ])('%s', async (_what, message, make) => {
    await writeTree(folder, { 'lib/a.py': '' });
    await make();
    await expect(packCode(folder)).rejects.toThrow(message);
  });
});

describe('the lock of a bundle', () => {
  const pinned = `# a comment\nnumpy==2 ; python_version > "3" \\\n    ${HASH} \\\n    ${HASH}\n--index-url https://x\n`;
  const project = { 'uv.lock': 'version = 1\n', 'pyproject.toml': '[project]\n' };
  it.each<[wanted: string | undefined, files: Record<string, string>]>([
    [undefined, { 'train.py': '', 'pyproject.toml': '' }],
    ['requirements.lock', { 'requirements.lock': pinned, 'requirements.txt': 'numpy\n', ...project }],
    ['requirements.txt', { 'requirements.txt': pinned, ...project }],
    ['uv.lock', { 'requirements.txt': 'numpy\n', ...project }],
  ])('is %s', async (wanted, files) => {
    await writeTree(folder, files);
    expect((await packCode(folder)).bundle.lock?.file).toBe(wanted);
  });

  it('is another one when the project beside uv.lock is', async () => {
    await writeTree(folder, project);
    const first = (await packCode(folder)).bundle.lock?.sha256;
    await writeTree(folder, { 'pyproject.toml': '[project]\nname = "x"\n' });
    expect((await packCode(folder)).bundle.lock?.sha256).not.toBe(first);
  });
});
