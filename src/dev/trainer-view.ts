import { tmpdir } from 'node:os';
import { trainerEnvironment } from '../trainers/trainer-environment.js';
import type { CommandOptions } from './run-command.js';

/** Runs a command in the environment of a trainer, which finds no package by ours: not by PYTHONPATH, not below HOME. */
export function asTrainer(): CommandOptions {
  return { env: trainerEnvironment(tmpdir(), {}) };
}

/** For interpreters that we build on: packages below HOME are carried over, what PYTHONPATH names would not be. */
export function withoutPythonPath(): CommandOptions {
  return { env: { ...process.env, PYTHONPATH: undefined } };
}
