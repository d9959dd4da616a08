import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sweepScratch, withScratch } from '../../activities/scratch.js';

const MINUTE_MS = 60_000;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'perennial-scratch-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function attempt(name: string, ageMs: number): Promise<void> {
  await mkdir(join(root, name, 'job'), { recursive: true });
  await writeFile(join(root, name, 'job', 'data.parquet'), 'rows');
  const then = new Date(Date.now() - ageMs);
  await utimes(join(root, name), then, then);
}

it('sweepScratch, removes what nobody has touched for a quarter of an hour and nothing else', async () => {
  await attempt('perennial-train-1-abc', 16 * MINUTE_MS);
  await attempt('perennial-train-1-def', 14 * MINUTE_MS);
  await sweepScratch(root);
  expect(await readdir(root)).toEqual(['perennial-train-1-def']);
});

/** A folder of a worker as `withScratch` names it. */
const of = (host: string, pid: number, mark: string) => `perennial-train-1-${host}_${pid}_${mark}-aBc123`;
const here = hostname().replaceAll(/[^a-zA-Z0-9]/g, '');

it('sweepScratch, removes at once what a dead worker of this machine left, and nothing of one that lives', async () => {
  const dead = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(dead, 'exit');
  const living = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
  try {
    await attempt(of(here, dead.pid!, '0a0a0a0a'), 0);
    await attempt(of(here, living.pid!, '0a0a0a0a'), 23 * 60 * MINUTE_MS);
    // In a container every worker may have the same process id: this one is not ours.
    await attempt(of(here, process.pid, '0a0a0a0a'), 0);
    await attempt(of('elsewhere', dead.pid!, '0a0a0a0a'), 14 * MINUTE_MS);
    await sweepScratch(root);
    expect(new Set(await readdir(root))).toEqual(
      new Set([of(here, living.pid!, '0a0a0a0a'), of('elsewhere', dead.pid!, '0a0a0a0a')]),
    );
  } finally {
    living.kill('SIGKILL');
    await once(living, 'exit');
  }
});

it('withScratch, names its folder so that a sweep leaves it while the worker lives', async () => {
  const info = { activityType: 'perennial.train', attempt: 2 };
  await asyncLocalStorage.run({ info } as Context, () =>
    withScratch(root, async (folder) => {
      await sweepScratch(root);
      expect(await readdir(folder)).toEqual([]);
      expect(basename(folder)).toMatch(new RegExp(`^perennial-train-2-${here}_${process.pid}_[0-9a-f]{8}-`));
    }),
  );
  expect(await readdir(root)).toEqual([]);
});

it('sweepScratch, does without a folder', async () => {
  await expect(sweepScratch(join(root, 'none'))).resolves.toBeUndefined();
});
