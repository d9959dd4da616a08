import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { inProject, say } from './project.mjs';
import { captureChild } from './run-child.mjs';
import { digestOf, filesBelow, stampIs, writeStamp } from './stamp.mjs';

const FOLDERS = ['src', 'workflows', 'activities'];
const CONFIG = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/bundle-workflows.mjs'];
const STAMP = inProject('dist', '.perennial-stamp');

/** Compiles the sources into dist/ and bundles the workflows, unless dist/ was built from these very sources. */
export async function ensureBuild() {
  const digest = await digestOf([...FOLDERS, ...CONFIG].map((name) => inProject(name)));
  if (await stampIs(STAMP, digest)) return;
  say(`building dist/ (${existsSync(STAMP) ? 'the sources have changed' : 'there is no finished build'})`);
  await rm(STAMP, { force: true });
  const tsc = inProject('node_modules', 'typescript', 'bin', 'tsc');
  const incremental = ['--incremental', '--tsBuildInfoFile', inProject('dist', '.tsbuildinfo')];
  await must('compile', [tsc, '-p', 'tsconfig.build.json', ...incremental]);
  await removeOrphans();
  await must('bundle the workflows', [inProject('scripts', 'bundle-workflows.mjs')]);
  await writeStamp(STAMP, digest);
}

async function must(what, args) {
  const { code, output } = await captureChild(process.execPath, args);
  if (code !== 0) throw new Error(`${what}: it ended with ${code}\n${output.trim()}`);
}

/** What was compiled from a source that is gone would still be found by an import. */
async function removeOrphans() {
  for (const folder of FOLDERS) {
    for (const file of await filesBelow(inProject('dist', folder))) {
      const source = path.relative(inProject('dist'), file).replace(/\.(js|d\.ts)(\.map)?$/, '.ts');
      if (!existsSync(inProject(source))) await rm(file);
    }
  }
}
