import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { UsageError } from '../../../src/errors.js';
import { checkedClass, declaredBudget } from '../../../src/resources/declared.js';
import { usableCpus, usableMemoryBytes } from '../../../src/resources/machine.js';

const never = new AbortController().signal;
const gpus = (count: number) => ({ cpus: 0, memoryBytes: 0, gpus: count });

it('declaredBudget, has what the machine has unless told, and no GPU', () => {
  expect(declaredBudget({}, {}).total).toMatchObject({ cpus: usableCpus(), gpus: 0 });
  expect(declaredBudget({ cpus: 0.5, memoryBytes: 7 }).total).toEqual({ cpus: 0.5, memoryBytes: 7, gpus: 0 });
});

it('declaredBudget, hands out GPUs by the names in CUDA_VISIBLE_DEVICES, each to one training', async () => {
  const budget = declaredBudget({ gpus: 3 }, { CUDA_VISIBLE_DEVICES: '4,GPU-7f, 6' });
  const first = await budget.acquire(gpus(2), { signal: never });
  const second = await budget.acquire(gpus(1), { signal: never });
  expect([first.gpus, second.gpus]).toEqual([['4', 'GPU-7f'], ['6']]);
  first.release();
  expect((await budget.acquire(gpus(1), { signal: never })).gpus).toEqual(['4']);
});

it('declaredBudget, refuses what cannot be', () => {
  expect(() => declaredBudget({ gpus: 2 }, { CUDA_VISIBLE_DEVICES: '0' })).toThrow(
    'want at most 1, as CUDA_VISIBLE_DEVICES is 0',
  );
  for (const bad of [{ cpus: 0 }, { cpus: NaN }, { memoryBytes: -1 }, { gpus: 0.5 }])
    expect(() => declaredBudget(bad, {})).toThrow(UsageError);
  for (const bad of ['', 'GPU', 'a b', '-x']) expect(() => checkedClass(bad)).toThrow(UsageError);
});

it.each([
  [
    'version 2',
    '0::/pod/box',
    { 'pod/box/cpu.max': 'max 100000', 'pod/cpu.max': '150000 100000', 'pod/box/memory.max': '1073741824' },
  ],
  [
    'version 1',
    '4:cpu,cpuacct:/box\n9:memory:/box',
    {
      'cpu/box/cpu.cfs_quota_us': '100000',
      'cpu/box/cpu.cfs_period_us': '100000',
      'memory/box/memory.limit_in_bytes': '1073741824',
    },
  ],
])('the limits of a container count: control groups of %s', async (_version, self, limits) => {
  const root = await folderOf({ self, ...limits });
  const files = { root, self: join(root, 'self') };
  expect(usableCpus(files)).toBe(1);
  expect(usableMemoryBytes(files)).toBe(2 ** 30);
});

it('without limits a process may use the whole machine', async () => {
  const root = await folderOf({ self: '0::/' });
  const files = { root, self: join(root, 'self') };
  expect(usableCpus(files)).toBe(availableParallelism());
  expect(usableMemoryBytes(files)).toBe(totalmem());
});

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-cgroup-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), `${text}\n`);
  }
  return folder;
}
