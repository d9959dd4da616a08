import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runCommand } from '../../src/dev/run-command.js';
import { temporaryFolder } from '../src/dev/stand-ins.js';

const project = fileURLToPath(new URL('../../', import.meta.url));

it('the last line of a run counts tests that passed, tests that failed, and files that could not be run', async () => {
  const { stdout, code } = await runVitest({
    'good.test.js': "import { it } from 'vitest'; it('a', () => {}); it('b', () => {});",
    'bad.test.js': "import { it } from 'vitest'; it('c', () => { throw new Error('no'); }); it('d', () => {});",
    'broken.test.js': "throw new Error('not even loaded');",
    'hook.test.js':
      "import { it, beforeAll } from 'vitest'; beforeAll(() => { throw new Error('no'); }); it('e', () => {});",
  });
  expect(code).toBe(1);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('3 passed, 3 failed');
});

it('the counts of a run go into the file that the environment names, for a caller who adds others to them', async () => {
  const summary = path.join(await temporaryFolder(), 'summary.json');
  const { stdout, code } = await runVitest(
    { 'good.test.js': "import { it } from 'vitest'; it('a', () => {});" },
    { PERENNIAL_TEST_SUMMARY: summary },
  );
  expect(code).toBe(0);
  expect(JSON.parse(await readFile(summary, 'utf8'))).toEqual({ passed: 1, failed: 0 });
  expect(stdout).not.toContain('1 passed, 0 failed');
});

async function runVitest(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder();
  await mkdir(path.join(folder, 'tests'));
  await symlink(path.join(project, 'node_modules'), path.join(folder, 'node_modules'));
  const reporter = path.join(project, 'test/support/summary-reporter.ts');
  const config = { test: { include: ['tests/*.test.js'], reporters: ['default', reporter] } };
  await writeFile(path.join(folder, 'vitest.config.mjs'), `export default ${JSON.stringify(config)};`);
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, 'tests', name), text);
  const { PERENNIAL_TEST_SUMMARY: _, ...own } = process.env;
  const vitest = path.join(project, 'node_modules/vitest/vitest.mjs');
  return runCommand(process.execPath, [vitest, 'run', '--root', folder], { cwd: folder, env: { ...own, ...env } });
}
