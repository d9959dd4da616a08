import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { privateFolder } from '../../src/cache-folder.js';
import { SetupConflictError } from '../../src/errors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-cache-folder-'));
  vi.stubEnv('PERENNIAL_CACHE', path.join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

it('a private folder can be entered by this user only, also when it was open before', async () => {
  const made = privateFolder('models');
  expect(made).toBe(path.join(folder, 'cache', 'models'));
  expect((await stat(made)).mode & 0o777).toBe(0o700);
  await chmod(made, 0o777);
  expect((await stat(privateFolder('models'))).mode & 0o777).toBe(0o700);
});

it('a private folder that cannot be made is an error that names it and the variable', async () => {
  await mkdir(path.join(folder, 'cache'));
  await writeFile(path.join(folder, 'cache', 'models'), 'a file');
  expect(() => privateFolder('models')).toThrow(SetupConflictError);
  expect(() => privateFolder('models')).toThrow(path.join(folder, 'cache', 'models'));
});
