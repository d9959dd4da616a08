import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { installOnce } from '../../../src/dev/install-once.js';
import { temporaryFolder } from './stand-ins.js';

const silent = () => undefined;
let cache: string;
beforeEach(async () => {
  cache = await temporaryFolder();
  vi.stubEnv('PERENNIAL_CACHE', cache);
});
afterEach(() => vi.unstubAllEnvs());

it('an installation that fails leaves nothing behind, and the next try starts anew', async () => {
  const target = path.join(cache, 'bin', 'thing');
  const broken = { what: 'thing', target, make: writeAndThrow };
  await expect(installOnce(broken, silent)).rejects.toThrow('no network');
  expect(existsSync(target)).toBe(false);
  expect(await readdir(path.join(cache, 'scratch'))).toEqual([]);
  expect(await readdir(path.join(cache, 'locks'))).toEqual([]);
  await installOnce({ what: 'thing', target, make: (draft) => writeFile(draft, 'whole') }, silent);
  expect(existsSync(target)).toBe(true);
});

it('installations that share a lock run one after the other', async () => {
  let running = 0;
  let most = 0;
  const make = async (draft: string) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(30);
    await writeFile(draft, '');
    running -= 1;
  };
  const install = (name: string) =>
    installOnce({ what: name, target: path.join(cache, name), lock: 'builds', make }, silent);
  await Promise.all(['a', 'b', 'c'].map(install));
  expect(most).toBe(1);
});

it('what a killed process left half done is removed by the next installation, what a living one does is not', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  const [dead, living] = [`thing-${child.pid}-1`, `thing-${process.pid}-1`];
  for (const name of [dead, living]) await mkdir(path.join(cache, 'scratch', name), { recursive: true });
  const make = (draft: string) => writeFile(draft, '');
  await installOnce({ what: 'thing', target: path.join(cache, 'thing'), make }, silent);
  expect(await readdir(path.join(cache, 'scratch'))).toEqual([living]);
});

async function writeAndThrow(draft: string): Promise<void> {
  await writeFile(draft, 'half');
  throw new Error('no network');
}
