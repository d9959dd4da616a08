import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TrainerFailedError, TrainerHostError } from '../../../src/errors.js';
import { PythonTrainer } from '../../../src/trainers/python-trainer.js';
import type { TrainingJob } from '../../../src/trainers/trainer.js';
import { trainerContract } from '../../contracts/trainer.js';
import { PRELUDE, processesIn } from '../../contracts/trainer-bench.js';
import { jobIn } from './job-in.js';
import { asEntry, python } from './programs.js';

trainerContract('python', () => new PythonTrainer({ python }), asEntry);

describe('python trainer', () => {
  let folder: string;
  const trainer = new PythonTrainer({ python });
  afterAll(() => trainer.close());
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'perennial-trainer-test-'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });
  const train = async (script: string, changes: Partial<TrainingJob> = {}, by = trainer) => {
    const job = jobIn(folder, { ...(await asEntry(PRELUDE + script, folder)), ...changes });
    await by.train(job, { signal: new AbortController().signal, progress: () => undefined });
    return JSON.parse(await readFile(path.join(folder, 'seen'), 'utf8')) as unknown;
  };
  const see = (expression: string) => `write("seen", json.dumps(${expression})); model(); metrics()`;
  const loaded = `sorted(m for m in sys.modules if m in ("numpy", "sklearn", "lightgbm", "pyarrow", "sqlite3"))`;

  test('a job, finds the libraries imported, and is the program that it would be by itself', async () => {
    expect(await train(see(loaded))).toEqual(expect.arrayContaining(['numpy', 'pyarrow', 'sklearn']));
    expect(await train(see(`[sys.argv[1:], os.path.basename(sys.argv[0]), __name__]`))).toEqual([
      ['job.json'],
      'main.py',
      '__main__',
    ]);
  });

  test('jobs, get nothing of each other', async () => {
    await train(`os.environ["LEFT"] = "1"; sys.modules["left"] = sys; import numpy; numpy.random.seed(1)\n${see('1')}`);
    const random = '[float(__import__("numpy").random.random()), os.environ.get("LEFT"), "left" in sys.modules]';
    const [one, two] = [await train(see(random)), await train(see(random))];
    expect(one).toEqual([expect.any(Number), null, false]);
    expect(two).not.toEqual(one);
  });

  test('threads, are as many as the environment of the job says, also in libraries that are imported', async () => {
    const script = `
from threadpoolctl import threadpool_info
from sklearn.ensemble import HistGradientBoostingClassifier
import numpy
rows = numpy.random.default_rng(1).random((20_000, 10))
HistGradientBoostingClassifier(max_iter=5).fit(rows, rows[:, 0] > 0.5)
tasks = len(os.listdir("/proc/self/task"))
${see('[tasks > 1, sorted({each["num_threads"] for each in threadpool_info()})]')}`;
    expect(await train(script, { environment: { OMP_NUM_THREADS: '2' } })).toEqual([true, [2]]);
    expect(await train(script)).toEqual([expect.any(Boolean), [1]]);
  });

  test('preload, imports these modules and no others, and names one that is not there', async () => {
    expect(await train(see(loaded), { preload: ['sqlite3'] })).toEqual(['sqlite3']);
    const wrong = train(see('1'), { preload: ['json', 'no_such_module'] });
    await expect(wrong).rejects.toThrow(TrainerFailedError);
    await expect(wrong).rejects.toThrow(/import no_such_module: No module named/);
  });

  test('an entry that is not there, and a command, are refused', async () => {
    await expect(train('', { entry: 'none.py' })).rejects.toThrow(/no file "none.py" in the code bundle/);
    await expect(train('', { command: ['python3'] })).rejects.toThrow(/run no commands/);
  });

  test('a job that writes into a full pipe, does not slow another one', async () => {
    const flood = new AbortController();
    const other = await mkdtemp(path.join(tmpdir(), 'perennial-trainer-test-'));
    const noise = trainer.train(
      jobIn(other, { ...(await asEntry('while True: print("x" * 1000)', other)), graceMs: 0 }),
      { signal: flood.signal, progress: () => undefined },
    );
    try {
      await train(see('1'));
      const from = performance.now();
      for (let round = 0; round < 5; round++) await train(see('1'));
      expect((performance.now() - from) / 5).toBeLessThan(1000);
    } finally {
      flood.abort(new Error('enough'));
      await expect(noise).rejects.toThrow('enough');
      await rm(other, { recursive: true, force: true });
    }
  });

  test('a host that is killed, is replaced, and a job that it had forked goes on', async () => {
    vi.stubEnv('TMPDIR', folder);
    const mine = new PythonTrainer({ python });
    try {
      const done = train(
        `write("started")\nwhile not os.path.exists("go"): time.sleep(0.01)\n${see('"went on"')}`,
        {},
        mine,
      );
      await expect.poll(() => readdir(folder), { timeout: 20_000 }).toContain('started');
      const [host = 0] = await hostsIn(folder);
      process.kill(host, 'SIGKILL');
      await expect.poll(() => hostsIn(folder)).toEqual([]);
      await writeFile(path.join(folder, 'go'), '');
      expect(await done).toBe('went on');
      expect(await train(see('"next"'), {}, mine)).toBe('next');
    } finally {
      await mine.close();
    }
  });

  test('a host, is replaced when a package of its environment is another one', async () => {
    vi.stubEnv('TMPDIR', folder);
    const site = await environmentOver(await python(), path.join(folder, 'venv'));
    const mine = new PythonTrainer({ python: () => Promise.resolve(path.join(folder, 'venv', 'bin', 'python')) });
    const hosts: number[][] = [];
    try {
      for (const installed of ['one-1.0', '', 'one-1.1']) {
        if (installed !== '') await mkdir(path.join(site, `${installed}.dist-info`));
        await train(see('1'), { preload: ['json'] }, mine);
        await expect.poll(() => hostsIn(folder)).toHaveLength(1);
        hosts.push(await hostsIn(folder));
      }
    } finally {
      await mine.close();
    }
    expect(hosts[1]).toEqual(hosts[0]);
    expect(hosts[2]).not.toEqual(hosts[0]);
  });

  test('a host, is replaced when a file of the trainer is another one though its version is the same', async () => {
    vi.stubEnv('TMPDIR', folder);
    const base = await python();
    const site = await environmentOver(base, path.join(folder, 'venv'));
    const ask = 'import os, perennial_trainer as t; print(os.path.dirname(t.__file__))';
    const own = path.join(site, 'perennial_trainer');
    await cp((await promisify(execFile)(base, ['-c', ask])).stdout.trim(), own, { recursive: true });
    const mine = new PythonTrainer({ python: () => Promise.resolve(path.join(folder, 'venv', 'bin', 'python')) });
    const trained = async () => {
      const seen = '[__import__("perennial_trainer").__version__, __import__("perennial_trainer.job").job.__doc__]';
      const [version, doc] = (await train(see(seen), { preload: ['perennial_trainer.job'] }, mine)) as string[];
      await expect.poll(() => hostsIn(folder)).toHaveLength(1);
      return { version, doc, hosts: await hostsIn(folder) };
    };
    try {
      const [one, again] = [await trained(), await trained()];
      expect(again).toEqual(one);
      await appendFile(path.join(own, 'job.py'), '\n__doc__ = "replaced"\n');
      const replaced = await trained();
      expect(replaced).toMatchObject({ version: one.version, doc: 'replaced' });
      expect(replaced.hosts).not.toEqual(one.hosts);
    } finally {
      await mine.close();
    }
  });

  test('aborted while a host imports, ends at once, and the host is of use to the next one', async () => {
    await writeFile(path.join(folder, 'slow_to_import.py'), 'import time; time.sleep(3)');
    const mine = new PythonTrainer({ python, environment: { PYTHONPATH: folder } });
    try {
      const job = jobIn(folder, { ...(await asEntry(PRELUDE, folder)), preload: ['slow_to_import'] });
      const from = performance.now();
      const signal = AbortSignal.timeout(1000);
      await expect(mine.train(job, { signal, progress: () => undefined })).rejects.toThrow('aborted due to timeout');
      expect(performance.now() - from).toBeLessThan(2500);
      expect(await train(see('"slow_to_import" in sys.modules'), { preload: ['slow_to_import'] }, mine)).toBe(true);
    } finally {
      await mine.close();
    }
  });

  test('a host that hangs, is replaced', { timeout: 60_000 }, async () => {
    vi.stubEnv('TMPDIR', folder);
    const mine = new PythonTrainer({ python });
    try {
      await train(see('1'), {}, mine);
      const [host = 0] = await hostsIn(folder);
      process.kill(host, 'SIGSTOP');
      expect(await train(see('"another one"'), {}, mine)).toBe('another one');
      await expect.poll(() => hostsIn(folder)).not.toContain(host);
    } finally {
      await mine.close();
    }
  });

  test('whoever finds the address of a host, cannot disturb it', async () => {
    vi.stubEnv('TMPDIR', folder);
    const mine = new PythonTrainer({ python });
    const wrong: unknown[] = [];
    const note = (reason: unknown): number => wrong.push(reason);
    process.on('unhandledRejection', note);
    try {
      const script = `
import socket
place = next(each for each in os.listdir(".") if each.startswith("perennial-"))
for hello in (b"no json\\n", b"null\\n", b'{"job": 1}\\n', b"x" * 5000):
    with socket.socket(socket.AF_UNIX) as found:
        found.connect(place + "/s"); found.sendall(hello); found.settimeout(10)
        try: assert found.recv(1) == b""
        except ConnectionResetError: pass
${see('"all were refused"')}`;
      expect(await train(script, {}, mine)).toBe('all were refused');
      expect(wrong).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
      await mine.close();
    }
  });

  test('an address that would be too long, is made shorter', async () => {
    const long = path.join(folder, 'x'.repeat(100));
    await mkdir(long);
    vi.stubEnv('TMPDIR', long);
    const mine = new PythonTrainer({ python });
    try {
      expect(await train(see('1'), { preload: ['json'] }, mine)).toBe(1);
    } finally {
      await mine.close();
    }
  });

  test('an interpreter that is not there or has no trainer, is named, and not tried again', async () => {
    for (const wrong of ['/no/such/python', '/bin/false']) {
      const mine = new PythonTrainer({ python: () => Promise.resolve(wrong) });
      const done = train(see('1'), {}, mine);
      await expect(done).rejects.toThrow(TrainerFailedError);
      await expect(done).rejects.toThrow(`Cannot train with the Python "${wrong}"`);
    }
  });

  test('a supervisor that is killed, takes the job with it, and another attempt may be made', async () => {
    const done = train(`write("started"); forever()`);
    await expect.poll(() => readdir(folder), { timeout: 20_000 }).toContain('started');
    const [job] = await processesIn(folder);
    process.kill(await parentOf(Number(job)), 'SIGKILL');
    await expect(done).rejects.toThrow(TrainerHostError);
    expect(await processesIn(folder)).toEqual([]);
  });

  test('idle hosts, end, and so do all on close', async () => {
    vi.stubEnv('TMPDIR', folder);
    const mine = new PythonTrainer({ python, idleMs: 300 });
    await mine.warm();
    expect(await hostsIn(folder)).toHaveLength(1);
    await expect.poll(() => hostsIn(folder), { timeout: 10_000 }).toEqual([]);
    await mine.warm();
    expect(await hostsIn(folder)).toHaveLength(1);
    await mine.close();
    await expect.poll(() => hostsIn(folder), { timeout: 10_000 }).toEqual([]);
  });
});

/** Hosts that this process started with its temporary folder there. */
async function hostsIn(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const place = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      return place.startsWith(path.join(folder, 'perennial-')) && (await parentOf(pid)) === process.pid;
    }),
  );
  return pids.filter((_, index) => found[index]);
}

/** An environment of its own that sees the packages of another one; returns the folder of its packages. */
async function environmentOver(base: string, folder: string): Promise<string> {
  const run = promisify(execFile);
  await run(base, ['-m', 'venv', '--without-pip', folder]);
  const ask = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  const [theirs, ours] = await Promise.all(
    [base, path.join(folder, 'bin', 'python')].map(async (each) => (await run(each, ['-c', ask])).stdout.trim()),
  );
  await writeFile(path.join(ours ?? '', 'base.pth'), `import site; site.addsitedir(${JSON.stringify(theirs)})\n`);
  return ours ?? '';
}

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
}
