import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { EXIT_CODE_WORDS } from '../../../src/cli/exit-codes.js';
import { MAIN, runCli } from './run-cli.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

const NAMES = Object.keys(COMMANDS);

describe.each(NAMES)('command %s', (name) => {
  test('bears the name that it is listed by', async () => {
    expect((await COMMANDS[name]?.())?.name).toBe(name);
  });

  test('--help opens with one sentence and an example, and costs nothing', async () => {
    const { code, stdout, stderr } = await runCli([name, '--help']);
    const [sentence, blank, examples, example] = stdout.split('\n');
    expect(sentence).toMatch(/^[A-Z].{20,140}$/);
    expect([blank, examples]).toStrictEqual(['', 'Examples:']);
    expect(example).toMatch(new RegExp(`^ {2}perennial ${name}\\b`));
    expect(stdout).toContain(`Usage: perennial ${name}`);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
  });

  test('an unknown option is wrong use, with the nearest one named', async () => {
    const { code, stdout, stderr } = await runCli([name, '--jsn']);
    expect({ code, stdout }).toStrictEqual({ code: 2, stdout: '' });
    expect(stderr).toContain("unknown option '--jsn' (Did you mean --json?)");
    expect(stderr).toContain(`fix: See: perennial ${name} --help`);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('with --json wrong use is one JSON document on stdout, and nothing on stderr', async () => {
    const { code, stdout, stderr } = await runCli([name, '--json', '--jsn']);
    expect({ code, stderr }).toStrictEqual({ code: 2, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      error: { code: 'USAGE.INVALID', docs: 'docs/errors.md#usageinvalid', details: {} },
    });
  });
});

test('the help lists every command and every exit code', async () => {
  const { code, stdout } = await runCli(['--help']);
  expect(code).toBe(0);
  for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  for (const [number, words] of EXIT_CODE_WORDS) expect(stdout).toMatch(new RegExp(`^ {2}${number} +${words}`, 'm'));
  expect((await runCli([])).stdout).toBe(stdout);
});

test('a mistyped command is wrong use, with the nearest one named', async () => {
  const { code, stdout, stderr } = await runCli(['valdate']);
  expect({ code, stdout }).toStrictEqual({ code: 2, stdout: '' });
  expect(stderr).toContain("unknown command 'valdate' (Did you mean validate?)");
});

test.each([
  [['--json'], 'found no command'],
  [['--jsno'], "unknown option '--jsno'"],
  [['version', 'extra'], 'too many arguments'],
  [['validate', '--address', 'x:1'], 'with --address: it connects to nothing'],
  [['--store'], 'argument missing'],
])('the command line %j is wrong use: %s', async (words, message) => {
  const { code, stdout, stderr } = await runCli(words);
  expect(code).toBe(2);
  expect(stdout + stderr).toContain(message);
});

test('the program goes by the name that it was called by', async () => {
  const alias = path.join(folder, 'temporal-perennial');
  await symlink(MAIN, alias);
  expect((await runCli(['--help'], { main: alias })).stdout).toContain('Usage: temporal-perennial <command>');
  expect((await runCli(['schema', '--help'], { main: alias })).stdout).toContain('temporal-perennial schema >');
});

const BIN = fileURLToPath(new URL('../../../bin/perennial.mjs', import.meta.url));

test('the installed program is executable, runs the compiled one, and goes by the name of its link', async () => {
  expect((await stat(BIN)).mode & 0o111).toBe(0o111);
  expect((await runCli(['--help'], { main: BIN })).stdout).toContain('Usage: perennial <command>');
  const alias = path.join(folder, 'bin', 'temporal-perennial');
  await mkdir(path.dirname(alias));
  await symlink(BIN, alias);
  expect((await runCli(['--help'], { main: alias })).stdout).toContain('Usage: temporal-perennial <command>');
});

test('a program that is not built says so in one line', async () => {
  const main = path.join(folder, 'clone', 'bin', 'perennial.mjs');
  await mkdir(path.dirname(main), { recursive: true });
  await copyFile(BIN, main);
  expect(await runCli(['status'], { main })).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'Perennial is not built here: npm run build\n',
  });
});

test('the version is printed alone', async () => {
  expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('help and offline commands load no Temporal, no data engine and no store', async () => {
  const hook = path.join(folder, 'hook.mjs');
  const watch = path.join(folder, 'watch.mjs');
  await writeFile(
    hook,
    `export async function resolve(name, context, next) {
      const found = await next(name, context);
      process._rawDebug('loaded ' + found.url);
      return found;
    }`,
  );
  await writeFile(watch, `import { register } from 'node:module'; register(${JSON.stringify(`file://${hook}`)});`);
  await writeFile(path.join(folder, 'bad.yaml'), 'name: x');
  for (const words of [
    ['--help'],
    ['--version'],
    ['validate', 'bad.yaml'],
    ['schema'],
    ['version'],
    ['init', '--dry-run'],
  ]) {
    const { stderr } = await runCli(words, { cwd: folder, node: ['--import', watch] });
    expect(stderr).toContain('loaded ');
    expect(stderr).not.toMatch(/loaded .*node_modules\/(@temporalio|@duckdb|minio|onnxruntime|hono|pino|vega)/);
  }
});

test('colours are off in a pipe, on with FORCE_COLOR, off with NO_COLOR and --no-color', async () => {
  const error = (words: string[], env: Record<string, string> = {}) =>
    runCli(['validate', 'nope.yaml', ...words], { env });
  expect((await error([])).stderr).not.toContain('\u001b');
  expect((await error([], { FORCE_COLOR: '1' })).stderr).toContain('\u001b[31m');
  expect((await error([], { FORCE_COLOR: '0' })).stderr).not.toContain('\u001b');
  expect((await error([], { FORCE_COLOR: '1', NO_COLOR: '1' })).stderr).not.toContain('\u001b');
  expect((await error(['--no-color'], { FORCE_COLOR: '1' })).stderr).not.toContain('\u001b');
  const forced = await runCli(['validate', 'nope.yaml', '--json'], { env: { FORCE_COLOR: '1' } });
  expect(forced.stdout).not.toContain('\u001b');
});

test('a reader that goes away early is no failure', async () => {
  const child = spawn(process.execPath, [MAIN, 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, stderr: Buffer.concat(errors).toString() }).toStrictEqual({ code: 0, stderr: '' });
});

test('a fault of the program is said shortly, with its stack only when asked for', async () => {
  // This stands for any fault that nobody thought of.
  const hook = path.join(folder, 'fault.mjs');
  await writeFile(hook, `JSON.stringify = () => { throw new RangeError('a fault'); };`);
  const short = await runCli(['schema'], { node: ['--import', hook] });
  expect(short.code).toBe(1);
  expect(short.stderr).toContain('error: RangeError: a fault');
  expect(short.stderr).toContain('PERENNIAL_DEBUG=1');
  expect(short.stderr).not.toMatch(/^\s+at /m);
  const long = await runCli(['schema'], { node: ['--import', hook], env: { PERENNIAL_DEBUG: '1' } });
  expect(long.stderr).toMatch(/^\s+at /m);
});
