import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../src/cache-folder.js';
import { basePython, PIP_INSTALL } from '../src/dev/base-python.js';
import { installOnce } from '../src/dev/install-once.js';
import { toStderr } from '../src/dev/progress.js';
import { mustRun } from '../src/dev/run-command.js';
import { median } from './median.js';
import { CHECKS } from './profile-data.js';

export const PEERS = ['great-expectations', 'pandera'] as const;
export type Peer = (typeof PEERS)[number];

const PACKAGES = ['great-expectations==1.24.1', 'pandera[polars]==0.35.0', 'polars==2.1.0', 'pyarrow==26.0.1'];

/** A Python with the peers, installed into the cache once; or why there is none. */
export async function peersPython(): Promise<{ readonly python: string } | { readonly missing: string }> {
  try {
    const { python: base, version } = await basePython();
    const target = path.join(cacheFolder(), 'python', `bench-peers-1-${version}`);
    const make = async (draft: string) => {
      toStderr('installing great-expectations and pandera for the bench');
      await mustRun(base, ['-m', 'venv', '--without-pip', draft]);
      const site = path.join(draft, 'lib', `python${version}`, 'site-packages');
      await mustRun(base, [...PIP_INSTALL, '--target', site, ...PACKAGES]);
    };
    await installOnce({ what: 'the Python peers of the bench', target, make }, toStderr);
    return { python: path.join(target, 'bin', 'python') };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/** Milliseconds in which a peer reads the file and checks it, its imports done and once warmed up. */
export async function peerTime(python: string, peer: Peer, file: string): Promise<number> {
  const script = fileURLToPath(new URL('profile_peers.py', import.meta.url));
  const printed = await mustRun(python, [script, peer, file, JSON.stringify(CHECKS)]);
  const seconds = JSON.parse(printed.trim().split('\n').at(-1) ?? '[]') as number[];
  return median(seconds) * 1000;
}
