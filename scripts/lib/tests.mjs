import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inProject, say } from './project.mjs';
import { runChild } from './run-child.mjs';

/**
 * Runs the tests of the Python package and then all others; with arguments only vitest, with these. The last line is
 * `N passed, N failed` over all of them.
 *
 * @returns exit code: 0 only if something was run and nothing failed
 */
export async function runTests(args) {
  const { python } = await prepareTools();
  const folder = await mkdtemp(path.join(tmpdir(), 'perennial-tests-'));
  try {
    const counts = [];
    if (args.length === 0) counts.push(await pythonTests(python, path.join(folder, 'pytest.xml')));
    counts.push(await nodeTests(args, path.join(folder, 'vitest.json')));
    const passed = counts.reduce((sum, count) => sum + count.passed, 0);
    const failed = counts.reduce((sum, count) => sum + count.failed, 0);
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
    return failed === 0 && passed > 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Everything that tests need is there before the first one runs: an installation must not eat a test's time limit. */
async function prepareTools() {
  const tools = await import(pathToFileURL(inProject('dist', 'src', 'dev', 'tools.js')).href);
  const [environment] = await Promise.all([
    tools.pythonEnv(say, { tests: true }),
    tools.pythonEnv(say),
    tools.pythonWorkerEnv(say),
    tools.rayEnv(say),
    tools.temporalBinary(say),
    tools.rcloneBinary(say),
    tools.chromiumBinary(say),
    // These wait for each other: two builds at a time take longer than one after the other.
    tools.minioBinary(say),
    tools.versitygwBinary(say),
  ]);
  return environment;
}

async function pythonTests(python, report) {
  const args = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${report}`, inProject('python', 'tests')];
  const code = await runChild(python, args, { env: { PYTHONDONTWRITEBYTECODE: '1' } });
  const head = /<testsuite [^>]*>/.exec(await readFile(report, 'utf8').catch(() => ''))?.[0] ?? '';
  const number = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const bad = number('failures') + number('errors');
  const passed = Math.max(0, number('tests') - bad - number('skipped'));
  return { passed, failed: atLeastOne(bad, code) };
}

async function nodeTests(args, summary) {
  const vitest = inProject('node_modules', 'vitest', 'vitest.mjs');
  const code = await runChild(process.execPath, [vitest, 'run', ...args], { env: { PERENNIAL_TEST_SUMMARY: summary } });
  const counts = JSON.parse(await readFile(summary, 'utf8').catch(() => '{"passed":0,"failed":0}'));
  return { passed: counts.passed, failed: atLeastOne(counts.failed, code) };
}

/** A runner that ends badly without naming a test (a crash, no test found) has failed all the same. */
const atLeastOne = (failed, code) => (code === 0 ? failed : Math.max(1, failed));
