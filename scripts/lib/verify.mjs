import { captureChild } from './run-child.mjs';
import { runTests } from './tests.mjs';
import { inProject, say } from './project.mjs';

const bin = (name) => inProject('node_modules', '.bin', name);

/** What CI would say, in the order of what is quickest to know. The build and the workflow bundle were made before. */
const STEPS = [
  ['format', bin('prettier'), ['--check', '.']],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['types', bin('tsc'), ['--noEmit']],
  ['import rules', bin('depcruise'), ['src', 'workflows', 'activities', 'test', '--config', '.dependency-cruiser.cjs']],
  ['unused code', bin('knip'), []],
  ['package', bin('publint'), ['--strict']],
  ['package types', bin('attw'), ['--pack', '.', '--profile', 'esm-only']],
];

/** Runs every check, even after one has failed, and then the tests. `--no-tests` leaves these out. */
export async function verify(args) {
  const failed = [];
  for (const [name, program, programArgs] of STEPS) {
    const began = Date.now();
    const { code, output } = await captureChild(program, programArgs);
    const took = `${((Date.now() - began) / 1000).toFixed(1)} s`;
    say(code === 0 ? `ok      ${String(name)} (${took})` : `FAILED  ${String(name)} (${took})\n${output.trim()}\n`);
    if (code !== 0) failed.push(name);
  }
  if (failed.length > 0) say(`failed: ${failed.join(', ')}`);
  const tests = args.includes('--no-tests') ? 0 : await runTests([]);
  return failed.length > 0 ? 1 : tests;
}
