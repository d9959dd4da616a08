import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { packCode } from '../../../src/code/pack-code.js';
import { lockedPython } from '../../../src/dev/python-locked.js';
import { mustRun } from '../../../src/dev/run-command.js';
import { ServiceUnreachableError, TrainerPackagesError } from '../../../src/errors.js';
import { makeWheel } from '../../support/wheel.js';
import { standIn, temporaryFolder } from './stand-ins.js';

let folder: string;
let wheels: string;
let code: string;
let pin: string;
let said: string[];

beforeEach(async () => {
  folder = await temporaryFolder();
  wheels = path.join(folder, 'wheels');
  code = path.join(folder, 'code');
  await mkdir(wheels);
  await mkdir(code);
  pin = await makeWheel(wheels, 'tinywheel', '1.0');
  said = [];
  vi.stubEnv('PERENNIAL_CACHE', path.join(folder, 'cache'));
  vi.stubEnv('PERENNIAL_PYTHON', undefined);
  vi.stubEnv('UV_NO_INDEX', '1');
  vi.stubEnv('UV_FIND_LINKS', wheels);
});
afterEach(() => vi.unstubAllEnvs());

/** The environment of a lock file with this text. */
async function locked(text: string, signal = new AbortController().signal) {
  await writeFile(path.join(code, 'requirements.lock'), text);
  const { bundle } = await packCode(code);
  return await lockedPython({ folder: code, lock: bundle.lock! }, { signal, progress: (line) => said.push(line) });
}

/** How many were begun; what takes long is told again and again, with the time it has taken. */
function installations(): number {
  return said.filter((line) => line.startsWith('installing') && !line.includes('...')).length;
}

/** Without uv, which comes from an index too. */
function onlyPip(): void {
  vi.stubEnv('PIP_NO_INDEX', '1');
  vi.stubEnv('PIP_FIND_LINKS', wheels);
}

describe.each([
  ['uv', () => undefined],
  ['pip', onlyPip],
])('an environment that %s installs', (_name, choose) => {
  beforeEach(choose);

  it('has what the lock names and the trainer, its programs run in it, and it is made once', async () => {
    const [found, again] = await Promise.all([locked(pin), locked(pin)]);
    expect(again).toEqual(found);
    expect(installations()).toBe(1);
    const look = 'import tinywheel, perennial_trainer; print(tinywheel.VERSION)';
    expect(await mustRun(found.python, ['-c', look])).toBe('1.0\n');
    const where = await mustRun(path.join(found.bin.at(-1)!, 'tinywheel-where'), []);
    expect(where.trim()).toBe(path.join(found.bin.at(-1)!, 'python'));

    await locked(pin);
    expect(installations()).toBe(1);
    await locked(`${pin}# another lock\n`);
    expect(installations()).toBe(2);
  });

  it('names the package whose file is another than was locked', async () => {
    const error = await caught(locked(pin.replace(/sha256:..../, 'sha256:0000')));
    expect(error).toBeInstanceOf(TrainerPackagesError);
    expect(error.message).toContain('the file of "tinywheel==1.0" has another hash');
    expect(error.details).toMatchObject({ package: 'tinywheel==1.0', lock: 'requirements.lock' });
  });

  it('names the package that is not there, and leaves nothing behind', async () => {
    const error = await caught(locked(pin.replace('==1.0', '==2.0')));
    expect(error).toBeInstanceOf(TrainerPackagesError);
    expect(error.message).toContain('found no wheel of "tinywheel==2.0" for Python 3.');
    expect(await readdir(path.join(folder, 'cache', 'scratch'))).toEqual([]);
    expect(existsSync(path.join(folder, 'cache', 'python'))).toBe(false);
  });
});

it('an index that cannot be reached is worth another attempt', async () => {
  vi.stubEnv('UV_NO_INDEX', undefined);
  vi.stubEnv('UV_FIND_LINKS', undefined);
  vi.stubEnv('UV_INDEX_URL', 'http://127.0.0.1:1/simple');
  vi.stubEnv('UV_HTTP_RETRIES', '0');
  const error = await caught(locked(pin));
  expect(error).toBeInstanceOf(ServiceUnreachableError);
  expect(error.message).toContain('the package index cannot be reached');
});

it('a cancelled installation ends at once and leaves nothing behind', async () => {
  const bin = path.join(folder, 'bin');
  await standIn(path.join(bin, 'uv'), 'touch "$PERENNIAL_CACHE/began"; exec sleep 600');
  vi.stubEnv('PATH', `${bin}${path.delimiter}${process.env['PATH']}`);
  const aborter = new AbortController();
  const installing = caught(locked(pin, aborter.signal));
  const waiting = caught(locked(pin, aborter.signal));
  await expect.poll(() => existsSync(path.join(folder, 'cache', 'began')), { timeout: 40_000 }).toBe(true);
  const began = performance.now();
  aborter.abort(new Error('cancelled by the test'));
  expect(await installing).toMatchObject({ message: 'cancelled by the test' });
  await waiting;
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(await readdir(path.join(folder, 'cache', 'scratch'))).toEqual([]);
});

it('one whose interpreter is gone is made anew', async () => {
  const { bin } = await locked(pin);
  await rm(path.join(bin.at(-1)!, 'python'));
  const again = await locked(pin);
  expect(await mustRun(again.python, ['-c', 'import tinywheel'])).toBe('');
});

it('one that was not used for a month is removed when another one is made', async () => {
  const monthAgo = new Date(Date.now() - 31 * 86_400_000);
  const [unused, used] = [await locked(pin), await locked(`${pin}# another lock\n`)];
  for (const each of [unused, used]) await utimes(each.folder!, monthAgo, monthAgo);
  await locked(`${pin}# another lock\n`);
  await locked(`${pin}# a third one\n`);
  expect([unused, used].map((each) => existsSync(each.folder!))).toEqual([false, true]);
});

it('a uv.lock is taken as it is', async () => {
  const { basePython, installWheel } = await import('../../../src/dev/base-python.js');
  await installWheel('uv==0.13.9', path.join(folder, 'uv'));
  vi.stubEnv('UV_NO_INDEX', undefined);
  vi.stubEnv('UV_FIND_LINKS', undefined);
  vi.stubEnv('UV_INDEX_URL', await indexOf(pin));
  vi.stubEnv('PATH', `${path.join(folder, 'uv', 'bin')}${path.delimiter}${process.env['PATH']}`);
  const project =
    '[project]\nname = "churn"\nversion = "0"\nrequires-python = ">=3.10"\ndependencies = ["tinywheel"]\n';
  await writeFile(path.join(code, 'pyproject.toml'), project);
  const { python } = await basePython();
  await mustRun(path.join(folder, 'uv', 'bin', 'uv'), ['lock', '--quiet', '--python', python], { cwd: code });
  const { bundle, files } = await packCode(code);
  expect(bundle.lock?.file).toBe('uv.lock');
  const options = { signal: new AbortController().signal, progress: () => undefined };
  const found = await lockedPython({ folder: code, lock: bundle.lock! }, options);
  expect(await mustRun(found.python, ['-c', 'import tinywheel'])).toBe('');
  expect((await packCode(code)).files).toEqual(files);
});

/** A package index with the one package of the test. */
async function indexOf(line: string): Promise<string> {
  const sha256 = /sha256:(\w+)/.exec(line)?.[1] ?? '';
  const file = 'tinywheel-1.0-py3-none-any.whl';
  const server = createServer((request, response) => {
    if (request.url === `/${file}`) createReadStream(path.join(wheels, file)).pipe(response);
    else response.setHeader('content-type', 'text/html').end(`<a href="/${file}#sha256=${sha256}">${file}</a>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
}

async function caught(work: Promise<unknown>): Promise<TrainerPackagesError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  // Checked by who calls.
  return error as TrainerPackagesError;
}
