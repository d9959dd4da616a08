import { inProject } from './project.mjs';
import { runChild } from './run-child.mjs';

/** Runs bench/main.ts with what stands behind `--`. */
export function bench(args) {
  return runChild(process.execPath, ['--import', 'tsx', inProject('bench', 'main.ts'), ...args]);
}
