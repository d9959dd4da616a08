import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleWeek, SAMPLE_WEEKS } from '../../../src/cli/init-sample.js';
import { defineModel } from '../../../src/define-model.js';
import { SMALLEST } from '../spec/example.js';
import { runCli } from './run-cli.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('init writes a starter that validates', async () => {
  const { code, stdout } = await runCli(['init', 'shop'], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout).toContain('wrote      shop/perennial.yaml');
  expect(stdout).toContain('The model is named "shop". Next:');
  expect(stdout).toContain('  perennial validate shop/perennial.yaml\n');
  expect(stdout).toContain('  perennial apply shop/perennial.yaml\n  perennial run shop --wait\n');
  const shop = path.join(folder, 'shop');
  const valid = await runCli(['validate'], { cwd: shop });
  expect(valid).toMatchObject({ code: 0, stderr: '' });
  expect(valid.stdout).toContain('valid  perennial.yaml');
  const document = JSON.parse((await runCli(['validate', '--json'], { cwd: shop })).stdout) as Record<string, unknown>;
  expect(document).toMatchObject({ schemaVersion: 1, valid: true, model: 'shop' });
  expect(document['prepareSql']).toContain('FROM orders');
});

test('init twice is init once, and what a person wrote is kept unless forced', async () => {
  await runCli(['init'], { cwd: folder });
  const before = await treeOf(folder);
  const again = await runCli(['init', '--json'], { cwd: folder });
  expect(actionsOf(again.stdout)).toStrictEqual(new Set(['unchanged']));
  await writeFile(path.join(folder, 'features.sql'), 'SELECT 1');
  const kept = await runCli(['init'], { cwd: folder });
  expect(kept.stdout).toContain('kept       features.sql: yours differs (--force overwrites)');
  expect(await readFile(path.join(folder, 'features.sql'), 'utf8')).toBe('SELECT 1');
  await runCli(['init', '--force'], { cwd: folder });
  expect(await treeOf(folder)).toStrictEqual(before);
});

test('init --dry-run says what it would do and writes nothing', async () => {
  const { stdout } = await runCli(['init', '--dry-run'], { cwd: folder });
  expect(stdout).toContain('would write perennial.yaml');
  expect(await readdir(folder)).toStrictEqual([]);
});

test('init takes a name for the model, and refuses one that cannot be', async () => {
  await runCli(['init', '--name', 'late-orders'], { cwd: folder });
  expect((await runCli(['validate'], { cwd: folder })).stdout).toContain('late-orders: When an order');
  const refused = await runCli(['init', '--name', '../x'], { cwd: folder });
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('Cannot name a model "../x"');
});

test('init names the model after its folder when that can be a name, and quotes paths for the shell', async () => {
  const { stdout } = await runCli(['init', "Ada's shop"], { cwd: folder });
  expect(stdout).toContain('The model is named "returns". Next:');
  expect(stdout).toContain(String.raw`perennial apply 'Ada'\''s shop/perennial.yaml'`);
});

test('init into a folder whose spec stays goes on with the name in that spec', async () => {
  await runCli(['init', 'shop', '--name', 'mine'], { cwd: folder });
  const again = await runCli(['init', 'shop'], { cwd: folder });
  expect(again.stdout).toContain('kept       shop/perennial.yaml');
  expect(again.stdout).toContain('perennial run mine --wait');
});

test('commands are named as npx takes them in a process that npm started, but not in JSON', async () => {
  const env = { npm_command: 'exec' };
  expect((await runCli(['init', 'shop'], { cwd: folder, env })).stdout).toContain('  npx perennial run shop --wait');
  const refused = await runCli(['init', '--name', '../x'], { cwd: folder, env });
  expect(refused.stderr).toContain('fix: npx perennial init --name my-model');
  const json = await runCli(['init', '--name', '../x', '--json'], { cwd: folder, env });
  expect(json.stdout).toContain('"fix": "perennial init --name my-model"');
});

test('validate warns of a folder that is not there, and the spec is valid all the same', async () => {
  await runCli(['init'], { cwd: folder });
  await rm(path.join(folder, 'data'), { recursive: true });
  const { code, stdout, stderr } = await runCli(['validate'], { cwd: folder });
  expect({ code, lines: stderr.trim().split('\n').length }).toStrictEqual({ code: 0, lines: 1 });
  expect(stderr).toContain(`warning: source "orders": there is no "${path.join(folder, 'data')}" on this machine`);
  expect(stdout).toContain('valid  perennial.yaml');
});

test('init into a place that cannot be written to is a failure that says so', async () => {
  await writeFile(path.join(folder, 'file'), '');
  const { code, stderr } = await runCli(['init', 'file'], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toMatch(/Cannot write "file\/perennial.yaml": the system said (ENOTDIR|EEXIST)/);
});

test('the sample data is the same on every machine', () => {
  const digest = createHash('sha256')
    .update(SAMPLE_WEEKS.map((_, index) => sampleWeek(index)).join(''))
    .digest('hex');
  expect(digest).toBe('f3c09b05bf99f1fcf8e086ed6544010b6f76ad90a14035bebc7fa78d588a11de');
});

test('validate shows every problem of a spec with its place and ends with 4', async () => {
  await runCli(['init'], { cwd: folder });
  const file = path.join(folder, 'perennial.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('kind: binary', 'knd: binary').replace('by: time', 'by: tme'));
  const { code, stdout, stderr } = await runCli(['validate'], { cwd: folder });
  expect({ code, stdout }).toStrictEqual({ code: 4, stdout: '' });
  expect(stderr).toMatch(/^perennial\.yaml:\d+:3 {2}task\.knd {2}found the unknown key "knd"; did you mean "kind"\?$/m);
  expect(stderr).toMatch(/^> \d+ \| {3}knd: binary$/m);
  expect(stderr).toContain('error SPEC.INVALID: 3 problems in perennial.yaml');
  const { error } = JSON.parse((await runCli(['validate', '--json'], { cwd: folder })).stdout) as {
    error: { code: string; details: { problems: { path: string; line: number }[] } };
  };
  expect(error.code).toBe('SPEC.INVALID');
  expect(error.details.problems.map((problem) => problem.path)).toStrictEqual(['task.kind', 'task.knd', 'split.by']);
});

test('validate reads a spec in TypeScript where tsx is installed, and says what is missing where it is not', async () => {
  const code = `export default ${JSON.stringify(SMALLEST)} satisfies object;`;
  await writeFile(path.join(folder, 'spec.ts'), code);
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < 22) {
    const alone = await runCli(['validate', 'spec.ts'], { cwd: folder });
    expect(alone.code).toBe(2);
    expect(alone.stderr).toContain('does not read TypeScript, want tsx');
    expect(alone.stderr).toContain('npm install --save-dev tsx');
  }
  await mkdir(path.join(folder, 'node_modules'));
  const tsx = path.dirname(createRequire(import.meta.url).resolve('tsx/package.json'));
  await symlink(tsx, path.join(folder, 'node_modules', 'tsx'));
  const read = await runCli(['validate', 'spec.ts', '--json'], { cwd: folder });
  expect(read.code).toBe(0);
  expect((JSON.parse(read.stdout) as { spec: unknown }).spec).toStrictEqual({
    ...defineModel(SMALLEST),
    sources: { rain: { kind: 'file', path: path.join(folder, 'rain.csv') } },
  });
});

test('validate of a file that is not there is wrong use', async () => {
  const { code, stderr } = await runCli(['validate', 'nope.yaml'], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toContain('error USAGE.INVALID: Cannot read model spec "nope.yaml": found no such file');
  expect(stderr).toContain('more: docs/errors.md#usageinvalid');
});

test('schema prints a JSON Schema, and with --json the same in a document', async () => {
  const plain = JSON.parse((await runCli(['schema'])).stdout) as Record<string, unknown>;
  expect(plain).toMatchObject({ title: 'Perennial model spec', type: 'object' });
  expect(JSON.parse((await runCli(['schema', '--json'])).stdout)).toStrictEqual({ schemaVersion: 1, schema: plain });
});

test('version names what Perennial stands on', async () => {
  const { stdout } = await runCli(['version', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, node: process.versions.node });
  expect(stdout).not.toContain('null');
});

function actionsOf(stdout: string): Set<string> {
  return new Set((JSON.parse(stdout) as { files: { action: string }[] }).files.map(({ action }) => action));
}

async function treeOf(root: string): Promise<Record<string, string>> {
  const names = await readdir(root, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(files.toSorted().map(async (file) => [file, await readFile(file, 'utf8')])),
  );
}
