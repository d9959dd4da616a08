import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sweepScratch } from '../../activities/scratch.js';

const HOUR_MS = 3_600_000;
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

it('sweepScratch, removes what nobody has touched for a day and nothing else', async () => {
  await attempt('perennial-train-1-abc', 25 * HOUR_MS);
  await attempt('perennial-train-1-def', 23 * HOUR_MS);
  await sweepScratch(root);
  expect(await readdir(root)).toEqual(['perennial-train-1-def']);
});

it('sweepScratch, does without a folder', async () => {
  await expect(sweepScratch(join(root, 'none'))).resolves.toBeUndefined();
});
