import { readFile } from 'node:fs/promises';
import { inProject, say } from './project.mjs';
import { runChild } from './run-child.mjs';
import { digestOf, stampIs, writeStamp } from './stamp.mjs';

const LOCK = inProject('package-lock.json');
const STAMP = inProject('node_modules', '.perennial-stamp');

/** Installs the node packages of the lock file, unless node_modules holds just these. */
export async function ensureModules() {
  const digest = await digestOf([LOCK]);
  if (await stampIs(STAMP, digest)) return;
  if (!(await installedByHand())) {
    say('installing the node packages (npm ci: node_modules does not match package-lock.json)');
    // npm's own path when npm runs us: it may not be on PATH.
    const npm = process.env.npm_execpath;
    const args = ['ci', '--no-fund', '--no-audit', '--loglevel', 'error'];
    const stdio = ['ignore', 2, 2];
    const code =
      npm === undefined
        ? await runChild('npm', args, { stdio })
        : await runChild(process.execPath, [npm, ...args], { stdio });
    if (code !== 0)
      throw new Error(`install the node packages: npm ci ended with ${code}; it needs the npm registry once`);
  }
  await writeStamp(STAMP, digest);
}

/** npm keeps a list of what it has installed: an installation by `npm install` that is equal to the lock is as good. */
async function installedByHand() {
  const [wanted, found] = await Promise.all([
    packagesOf(LOCK),
    packagesOf(inProject('node_modules', '.package-lock.json')).catch(() => undefined),
  ]);
  if (found === undefined) return false;
  return Object.entries(wanted).every(([where, entry]) => {
    if (where === '') return true;
    const installed = found[where];
    // Optional packages of other platforms are in the lock only.
    if (installed === undefined) return entry.optional === true;
    return installed.version === entry.version && installed.integrity === entry.integrity;
  });
}

async function packagesOf(file) {
  return JSON.parse(await readFile(file, 'utf8')).packages;
}
