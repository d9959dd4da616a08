import path from 'node:path';
import { packageRoot } from './package-root.js';
import { toStderr, type Progress } from './progress.js';
import { pythonDependencies } from './python-dependencies.js';
import { withTrainer, type PythonEnv } from './python-env.js';

/** The Python environment of `examples/python-worker`: the trainers' packages and the Temporal SDK, installed once. */
export async function pythonWorkerEnv(progress: Progress = toStderr): Promise<PythonEnv> {
  const locks = [inRoot('python', 'requirements.lock'), inRoot('examples', 'python-worker', 'requirements.lock')];
  return { python: await withTrainer(await pythonDependencies(locks, progress), progress) };
}

/** A Python environment with Ray and the trainers' packages, installed once: some 800 MB. */
export async function rayEnv(progress: Progress = toStderr): Promise<PythonEnv> {
  const locks = [inRoot('python', 'requirements.lock'), inRoot('examples', 'ray', 'requirements.lock')];
  return { python: await pythonDependencies(locks, progress) };
}

function inRoot(...parts: string[]): string {
  return path.join(packageRoot(), ...parts);
}
