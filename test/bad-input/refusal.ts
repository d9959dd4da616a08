import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { PerennialError } from '../../src/errors.js';
import { errorOf, type IngestOptions, type Workbench } from '../src/data/data-job.js';

/**
 * Ingests what must be refused, and checks what holds for every refusal: a typed error that no retry heals, a message of
 * moderate length that names the object and no path of this machine, no cause that might quote a row, and not one file
 * left behind.
 */
export async function refusal(
  bench: Workbench,
  bytes: string | Uint8Array,
  options: IngestOptions = {},
): Promise<PerennialError> {
  const parts = join(bench.folder, 'parts');
  const before = await readdir(parts);
  const error = await errorOf(bench.ingest(bytes, options));
  expect(error).toBeInstanceOf(PerennialError);
  const refused = error as PerennialError;
  expect(refused).toMatchObject({ next: 'fail', details: { object: options.id ?? 'inbox/data.csv' } });
  expect(refused.message).toContain(options.id ?? 'inbox/data.csv');
  expect(refused.message.length).toBeLessThan(400);
  expect(refused.message).not.toContain(bench.folder);
  expect(refused.message).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
  expect(refused.cause).toBeUndefined();
  expect(await readdir(parts)).toEqual(before);
  return refused;
}
