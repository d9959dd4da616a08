import { writeFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Counts tests for the last line of a run. With `PERENNIAL_TEST_SUMMARY` the counts go into that file, for a caller who
 * adds those of other runners; else the line `N passed, N failed` is printed.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    let passed = 0;
    // An error outside of any test has no test to be counted with: it counts as one.
    let failed = unhandled.length;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        // A test that was begun and has no result was cut short.
        if (state === 'failed' || state === 'pending') failed += 1;
      }
      // A file that cannot be loaded, a hook that failed.
      const suites = [...module.children.allSuites()];
      failed += module.errors().length + suites.reduce((sum, suite) => sum + suite.errors().length, 0);
    }
    const file = process.env['PERENNIAL_TEST_SUMMARY'];
    if (file === undefined) process.stdout.write(`${passed} passed, ${failed} failed\n`);
    else writeFileSync(file, JSON.stringify({ passed, failed }));
  }
}
