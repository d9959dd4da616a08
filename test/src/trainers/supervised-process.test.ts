import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { ProcessTrainer } from '../../../src/trainers/process-trainer.js';
import { trainerContract } from '../../contracts/trainer.js';
import { asCommand, python } from './programs.js';
import { pathWithoutNamespaces } from './without-namespaces.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-trainer-test-'));
  vi.stubEnv('PATH', await pathWithoutNamespaces(folder));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

trainerContract('process, where there are no namespaces', () => new ProcessTrainer({ python }), asCommand);
