import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pythonEnv } from '../../src/dev/tools.js';
import type { TrainingRecord } from '../../src/domain/run.js';
import { startChildWorker, type ChildWorker } from '../support/child-worker.js';
import { toyDays } from '../support/toy-data.js';
import { startWorld, type World } from '../support/world.js';

const IMAGE = `sha256:${'5eed'.repeat(16)}`;

let world: World;
let worker: ChildWorker | undefined;
beforeAll(async () => {
  world = await startWorld({ worker: false });
  worker = await startChildWorker({ ...world.environment, PERENNIAL_IMAGE: IMAGE });
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
});

it('the record of a run has all that a built-in estimator needs to train the same model again', async () => {
  await world.applyToy('recorded', toyDays(14), { trainer: { seed: 41, parameters: { max_iter: 10, threads: 2 } } });
  await world.client.requestTraining('recorded');
  await world.client.runResult('recorded', 1);
  const { training } = (await world.client.run('recorded', 1)) as { training: TrainingRecord };
  expect(training).toMatchObject({
    kind: 'python',
    estimator: 'gradient-boosting',
    parameters: { max_iter: 10, threads: 2 },
    seed: 41,
    threads: 2,
    machine: {
      platform: process.platform,
      arch: process.arch,
      node: process.versions.node,
      cpuFeatures: await cpuFeatures(),
    },
    image: IMAGE,
  });
  expect(Object.keys(training.versions)).toEqual(
    expect.arrayContaining(['numpy', 'onnx', 'onnxruntime', 'pyarrow', 'python', 'scikit-learn', 'skl2onnx']),
  );
  expect(await installed()).toMatchObject(training.versions);
});

/** What the trainers' Python says that it has, asked in a way of its own. */
async function installed(): Promise<Record<string, string>> {
  const code = `
import importlib.metadata, json, perennial_trainer, sys
found = {each.name: each.version for each in importlib.metadata.distributions()}
own = {"perennial-trainer": perennial_trainer.__version__, "python": sys.version.split()[0]}
print(json.dumps({**found, **own}))`;
  const { stdout } = await promisify(execFile)((await pythonEnv()).python, ['-c', code]);
  return JSON.parse(stdout) as Record<string, string>;
}

/** As `sha256sum` gives it of the flags in order. */
async function cpuFeatures(): Promise<string> {
  const lines = process.platform === 'linux' ? (await readFile('/proc/cpuinfo', 'utf8')).split('\n') : [];
  const line = lines.find((each) => /^(flags|Features)\s*:/.test(each)) ?? ':';
  const flags = line.slice(line.indexOf(':') + 1).trim();
  return createHash('sha256').update(flags.split(' ').toSorted().join(' ')).digest('hex');
}
