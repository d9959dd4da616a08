import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { diffContracts } from '../../../src/contracts/diff.js';
import { compileContractFile, contractOf } from '../../../src/contracts/index.js';
import { defineModel } from '../../../src/define-model.js';
import { SpecInvalidError, UsageError } from '../../../src/errors.js';
import { readSpecFile } from '../../../src/spec/file.js';
import { EXAMPLE, EXAMPLE_YAML, SMALLEST } from './example.js';

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
  expect(spec.split).toMatchObject({ by: 'time', train: '28d' });
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

const WITH_CONTRACT = JSON.stringify({ ...SMALLEST, contract: 'rules/rain.odcs.yaml' }, null, 1);
const RAIN = `apiVersion: v3.1.0
kind: DataContract
id: rain
version: 1.0.0
status: active
schema:
  - name: rain
    properties:
      - { name: rains, logicalType: boolean }
      - { name: cloud, logicalType: number }
      - { name: at, logicalType: timestamp }
`;

test('a contract file is read beside the spec and kept with it', async () => {
  await mkdir(path.join(folder, 'rules'));
  await put('rules/rain.odcs.yaml', RAIN);
  const { spec, contractFile } = await readSpecFile(await put('spec.yaml', WITH_CONTRACT));
  expect(spec.contract).toBe('rules/rain.odcs.yaml');
  expect(contractFile).toMatchObject({ id: 'rain', schema: [{ name: 'rain' }] });
});

test.each([
  ['is not YAML', 'a: [1', '', 'not YAML that can be read', 1],
  ['is empty', '# nothing', '', 'found an empty value, want a data contract: keys and values', 1],
  [
    'breaks the standard',
    RAIN.replace('boolean', 'bool'),
    'schema[0].properties[0].logicalType',
    'found "bool", want',
    9,
  ],
  [
    'contradicts itself',
    RAIN.replace('name: cloud', 'name: RAINS'),
    'schema[0].properties[1].name',
    'a second time',
    10,
  ],
  ['names another source', RAIN.replace('- name: rain', '- name: rian'), 'schema[0].name', 'did you mean "rain"?', 7],
  ['has a number that is none', RAIN.replace('1.0.0', '.nan'), 'version', 'found NaN, want a finite number', 4],
])('a contract file that %s is refused, with its own place', async (_, text, at, message, line) => {
  await mkdir(path.join(folder, 'rules'));
  await put('rules/rain.odcs.yaml', text);
  const file = await put('spec.yaml', WITH_CONTRACT);
  const { problems, fix } = await refusal(readSpecFile(file));
  expect(problems[0]).toMatchObject({ path: at, file: path.join(folder, 'rules/rain.odcs.yaml'), line });
  expect(problems[0]?.message).toContain(message);
  expect(fix).toContain(`perennial validate ${file}`);
});

test('a contract file that is not there is a problem of the spec, at the key that names it', async () => {
  const { problems } = await refusal(readSpecFile(await put('spec.yaml', WITH_CONTRACT)));
  const line = WITH_CONTRACT.split('\n').findIndex((text) => text.includes('"contract"')) + 1;
  const message = 'cannot read the contract file "rules/rain.odcs.yaml" beside the spec: found no such file';
  expect(problems).toMatchObject([{ path: 'contract', line, message }]);
});

test('a contract file and a task that do not fit are a problem of the spec', async () => {
  await mkdir(path.join(folder, 'rules'));
  await put('rules/rain.odcs.yaml', RAIN.replace('cloud', 'clouds').replace('boolean', 'string'));
  const { problems } = await refusal(readSpecFile(await put('spec.yaml', WITH_CONTRACT)));
  expect(problems.map(({ path: at, message }) => `${at} ${message}`)).toStrictEqual([
    'task.label found a column of type string in the contract, want boolean or integer or number',
    'task.features[0] found no column "cloud" in the contract, want one of rains, clouds, at; did you mean "clouds"?',
  ]);
  expect(problems[0]?.line).toBeGreaterThan(1);
});

test('the contract of the example asks the same as short rules in a spec would', async () => {
  const { spec, contractFile, prepareSql } = await readSpecFile('examples/late-flights/perennial.yaml');
  expect(prepareSql).toContain('FROM flights');
  const short = defineModel({
    ...spec,
    contract: {
      flights: {
        columns: {
          date: { type: 'timestamp', min: '2001-01-01', max: '2002-01-01' },
          delay: { type: 'integer', min: -180, max: 1800, maxBadShare: 0.001 },
          distance: { type: 'integer', min: 1, max: 6000 },
          origin: { type: 'string' },
          destination: { type: 'string' },
        },
        rows: { min: 50_000, max: 500_000 },
      },
    },
  });
  const { changes } = diffContracts(
    contractOf({ spec: short }),
    contractOf({ spec, ...(contractFile && { contractFile }) }),
  );
  expect(changes.map(({ message }) => message)).toStrictEqual([
    'column "date": no role -> eventTime',
    'column "distance": no role -> feature',
    'column "origin": no role -> feature and slice',
    'column "destination": no role -> feature and slice',
  ]);
  expect(compileContractFile({ spec, ...(contractFile && { contractFile }) }).notes).toStrictEqual([]);
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
