import { inProject, say } from './project.mjs';
import { runChild } from './run-child.mjs';

const DAY_MS = 86_400_000;

/**
 * Runs what takes too long for every change: 100,000 fuzzed objects, other ones each day. `PERENNIAL_FUZZ_CASES` and
 * `PERENNIAL_FUZZ_SEED` change how many and where they begin.
 *
 * @returns exit code
 */
export function nightly(args) {
  const { PERENNIAL_FUZZ_CASES: cases = '100000', PERENNIAL_FUZZ_SEED: seed = seedOfDay() } = process.env;
  say(`${cases} fuzzed objects from seed ${seed}`);
  const vitest = inProject('node_modules', 'vitest', 'vitest.mjs');
  const env = { PERENNIAL_FUZZ_CASES: cases, PERENNIAL_FUZZ_SEED: seed };
  return runChild(process.execPath, [vitest, 'run', 'test/bad-input/fuzz', ...args], { env });
}

const seedOfDay = () => String(Math.floor(Date.now() / DAY_MS) * 100_000);
