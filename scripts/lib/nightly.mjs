import { inProject, say } from './project.mjs';
import { runChild } from './run-child.mjs';

const DAY_MS = 86_400_000;

/**
 * Runs what takes too long for every change: 100,000 fuzzed objects, other ones each day, and 100 kills of trainings.
 * `PERENNIAL_FUZZ_CASES` and `PERENNIAL_FUZZ_SEED` change how many objects and where they begin, `PERENNIAL_KILLS` and
 * `PERENNIAL_KILL_SEED` how many kills and when they come.
 *
 * @returns exit code
 */
export function nightly(args) {
  const { PERENNIAL_FUZZ_CASES: cases = '100000', PERENNIAL_FUZZ_SEED: seed = seedOfDay() } = process.env;
  const { PERENNIAL_KILLS: kills = '100', PERENNIAL_KILL_SEED: killSeed = seedOfDay() } = process.env;
  say(`${cases} fuzzed objects from seed ${seed}, ${kills} kills of trainings from seed ${killSeed}`);
  const vitest = inProject('node_modules', 'vitest', 'vitest.mjs');
  const env = {
    PERENNIAL_FUZZ_CASES: cases,
    PERENNIAL_FUZZ_SEED: seed,
    PERENNIAL_KILLS: kills,
    PERENNIAL_KILL_SEED: killSeed,
  };
  const tests = ['test/bad-input/fuzz', 'test/e2e/resume.test.ts'];
  return runChild(process.execPath, [vitest, 'run', ...tests, ...args], { env });
}

const seedOfDay = () => String(Math.floor(Date.now() / DAY_MS) * 100_000);
