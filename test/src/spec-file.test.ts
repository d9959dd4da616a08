import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defineModel } from '../../src/define-model.js';
import { SpecInvalidError, UsageError } from '../../src/errors.js';
import { readSpecFile } from '../../src/spec-file.js';
import { EXAMPLE, EXAMPLE_YAML, SMALLEST } from './spec-example.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-spec-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a spec file brings the text of its SQL along, and its paths are taken from its folder', async () => {
  await put('features.sql', '\ufeffSELECT 1\n');
  const { spec, prepareSql } = await readSpecFile(await put('spec.yaml', EXAMPLE_YAML));
  expect(prepareSql).toBe('SELECT 1\n');
  expect(spec.sources['weather']).toMatchObject({ path: path.join(folder, 'weather') });
  expect(spec.prepare).toBe('features.sql');
  const defined = defineModel(EXAMPLE);
  expect({ ...spec, sources: defined.sources }).toStrictEqual(defined);
});

test("a trainer's command names files beside the spec with ./ and programs by their plain names", async () => {
  const trainer = { command: ['python3', './train.py', '--depth', '../shared/depth.txt', 'x/y'] };
  const { spec } = await readSpecFile(await put('spec.json', JSON.stringify({ ...SMALLEST, trainer })));
  const beside = (name: string) => path.resolve(folder, name);
  expect(spec.trainer.command).toEqual([
    'python3',
    beside('train.py'),
    '--depth',
    beside('../shared/depth.txt'),
    'x/y',
  ]);
});

test('an absolute path in a spec stays as it is', async () => {
  const rain = { kind: 'file', path: path.resolve('/data/rain.csv') };
  const file = await put('spec.json', JSON.stringify({ ...SMALLEST, sources: { rain } }));
  expect((await readSpecFile(file)).spec.sources['rain']).toMatchObject(rain);
});

test('a byte order mark and Windows line ends make no difference', async () => {
  const plain = await readSpecFile(await put('a.yaml', JSON.stringify(SMALLEST, null, 1)));
  const marked = `\ufeff${JSON.stringify(SMALLEST, null, 1).replaceAll('\n', '\r\n')}`;
  expect(await readSpecFile(await put('b.yaml', marked))).toStrictEqual(plain);
});

test('a module that exports a model is read like a file', async () => {
  const file = await put('spec.mjs', `export default ${JSON.stringify(SMALLEST)};`);
  const { spec } = await readSpecFile(file);
  expect(spec.sources['rain']).toMatchObject({ path: path.join(folder, 'rain.csv') });
  expect(spec.split.train).toBe('28d');
});

test.each([
  ['no default export', 'export const model = 1;', 'found no default export'],
  ['an error of its own', 'throw new TypeError("no luck");', 'the module failed: TypeError: no luck'],
  ['a syntax error', 'export default {', 'the module failed: '],
  ['what is no model', 'export default { name: 3 };', 'found 3, want text'],
])('a module with %s is refused, with its file', async (_, text, message) => {
  const file = await put('spec.mjs', text);
  const { problems } = await refusal(readSpecFile(file));
  expect(problems.map((problem) => problem.message).join('\n')).toContain(message);
  expect(new Set(problems.map((problem) => problem.file))).toStrictEqual(new Set([file]));
});

test.each([
  ['is not there', undefined, 'found no such file'],
  ['is empty', ' \n', 'found an empty file, want SQL'],
  ['is too large', 'x'.repeat(1024 * 1024 + 1), 'found more than 1 MiB'],
  ['is not UTF-8', Buffer.from('SELECT\n  \xe9', 'latin1'), 'found bytes that are not UTF-8, want UTF-8 at 2:3'],
])('SQL that %s is a problem of the spec, at the key that names it', async (_, sql, message) => {
  if (sql !== undefined) await put('features.sql', sql);
  const file = await put('spec.yaml', EXAMPLE_YAML);
  const { problems } = await refusal(readSpecFile(file));
  const line = EXAMPLE_YAML.split('\n').indexOf('prepare: features.sql') + 1;
  expect(problems).toMatchObject([{ path: 'prepare', file, line, column: 10 }]);
  expect(problems[0]?.message).toContain(message);
});

test('SQL that is no regular file is refused and never waited for', async () => {
  execFileSync('mkfifo', [path.join(folder, 'features.sql')]);
  const file = await put('spec.yaml', EXAMPLE_YAML);
  expect((await refusal(readSpecFile(file))).problems[0]?.message).toContain('want a regular file');
  await rm(path.join(folder, 'features.sql'));
  await mkdir(path.join(folder, 'features.sql'));
  expect((await refusal(readSpecFile(file))).problems[0]?.message).toContain('found a folder, want a file');
  await rm(path.join(folder, 'features.sql'), { recursive: true });
  await symlink('/dev/zero', path.join(folder, 'features.sql'));
  expect((await refusal(readSpecFile(file))).problems[0]?.message).toContain('want a regular file');
});

test('problems of the spec and of its SQL are named together', async () => {
  const file = await put('spec.yaml', EXAMPLE_YAML.replace('label: late', 'label: 4'));
  expect((await refusal(readSpecFile(file))).problems.map(({ path: at }) => at)).toStrictEqual([
    'prepare',
    'task.label',
  ]);
});

test.each([
  ['UTF-16', Buffer.from('\ufeffname: x', 'utf16le'), 'found UTF-16, want UTF-8', 1, 1],
  ['invalid UTF-8', Buffer.from('a: 1\nb: \xff', 'latin1'), 'found bytes that are not UTF-8', 2, 4],
  ['more than 1 MiB', 'x'.repeat(1024 * 1024 + 1), 'found more than 1 MiB', undefined, undefined],
  ['broken YAML', 'a: [1', 'not YAML that can be read', 1, 6],
])('a spec file of %s is refused, with its place', async (_, content, message, line, column) => {
  const file = await put('spec.yaml', content);
  const error = await refusal(readSpecFile(file));
  expect(error.problems[0]?.message).toContain(message);
  expect(error.problems[0]?.line).toBe(line);
  expect(error.problems[0]?.column).toBe(column);
  expect(error.fix).toContain(`perennial validate ${file}`);
});

test('a spec file that is not there, or of another kind, is wrong use', async () => {
  await expect(readSpecFile(path.join(folder, 'nope.yaml'))).rejects.toThrow(UsageError);
  await expect(readSpecFile(path.join(folder, 'nope.mjs'))).rejects.toThrow('found no such file');
  await expect(readSpecFile(folder)).rejects.toThrow('want .yaml, .yml, .json, .ts or .mjs');
});

async function put(name: string, content: string | Buffer): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return file;
}

async function refusal(promise: Promise<unknown>): Promise<SpecInvalidError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SpecInvalidError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
