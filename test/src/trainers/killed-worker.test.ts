import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PRELUDE, processesIn } from '../../contracts/trainer-bench.js';
import { jobIn } from './job-in.js';
import { asCommand, asEntry, python } from './programs.js';
import { withoutNamespaces } from './without-namespaces.js';

const PROGRAM = fileURLToPath(new URL('worker-to-kill.ts', import.meta.url));
const SCRIPT = `${PRELUDE}
subprocess.Popen(["sh", "-c", 'trap "" TERM; while :; do sleep 1; done'])
daemon()
write("namespace", os.readlink("/proc/self/ns/pid"))
write("started"); forever()`;

describe.each([
  ['python', 'as it is', asEntry],
  ['python', 'without namespaces', asEntry],
  ['process', 'as it is', asCommand],
  ['process', 'without namespaces', asCommand],
])('a worker killed with -9, by the trainer of kind %s on this machine %s', (kind, machine, programs) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'perennial-trainer-test-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('takes the trainer, its children, its daemons and its host with it', async () => {
    const job = jobIn(folder, { timeoutMs: 600_000, ...(await programs(SCRIPT, folder)) });
    const command = [process.execPath, '--import', 'tsx', PROGRAM, kind, await python(), JSON.stringify(job)];
    const [program = '', ...args] = machine === 'as it is' ? command : await withoutNamespaces(command);
    // What the worker starts is found by where it puts its temporary files.
    const worker = spawn(program, args, { stdio: 'ignore', env: { ...process.env, TMPDIR: folder } });
    await expect.poll(() => existsSync(path.join(folder, 'started')), { timeout: 30_000 }).toBe(true);
    const namespace = await readFile(path.join(folder, 'namespace'), 'utf8');
    if (machine !== 'as it is') expect(namespace).toBe(await readlink('/proc/self/ns/pid'));
    // The trainer, its child and the sleep of that, the daemon; and the host, or shells.
    expect((await processesIn(folder)).length).toBeGreaterThanOrEqual(5);
    worker.kill('SIGKILL');
    await expect.poll(() => processesIn(folder), { timeout: 10_000, interval: 20 }).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.startsWith('perennial-'))).toEqual([]);
  });
});
