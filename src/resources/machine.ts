import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';

/** Where Linux tells the limits of a container. */
export interface CgroupFiles {
  /** Default: `/sys/fs/cgroup`. */
  readonly root?: string;
  /** Which groups hold this process. Default: `/proc/self/cgroup`. */
  readonly self?: string;
}

/** Processors that this process may keep busy, at least one: a container's share counts, not the machine's number. */
export function usableCpus(files: CgroupFiles = {}): number {
  const limits = groups(files).map((folder) => cpuQuota(folder) ?? Infinity);
  return Math.max(1, Math.min(availableParallelism(), ...limits.map(Math.floor)));
}

/** Memory that this process may use: a container's limit, where it has one. */
export function usableMemoryBytes(files: CgroupFiles = {}): number {
  const limits = groups(files).map((folder) => {
    const text = read(join(folder, 'memory.max')) ?? read(join(folder, 'memory.limit_in_bytes')) ?? '';
    return /^\d+$/.test(text) ? Number(text) : Infinity;
  });
  return Math.min(totalmem(), ...limits);
}

/** Folders of the groups that hold this process and of those around them, of version 2 and of version 1 (`cpu`, `memory`). */
function groups({ root = '/sys/fs/cgroup', self = '/proc/self/cgroup' }: CgroupFiles): string[] {
  const lines = (read(self) ?? '').split('\n');
  const folders = lines.flatMap((line) => {
    const [, controllers = '', path] = line.split(':');
    if (path === undefined) return [];
    const kinds =
      controllers === '' ? [''] : controllers.split(',').filter((kind) => kind === 'cpu' || kind === 'memory');
    return kinds.flatMap((kind) => upwards(path).map((folder) => join(root, kind, folder)));
  });
  return [root, ...folders];
}

/** `a/b`, `a` and the top, of `/a/b`. */
function upwards(path: string): string[] {
  const parts = path.split('/').filter(Boolean);
  return [...parts.map((_, index) => parts.slice(0, parts.length - index).join('/')), ''];
}

function cpuQuota(folder: string): number | undefined {
  const lines = [read(join(folder, 'cpu.cfs_quota_us')), read(join(folder, 'cpu.cfs_period_us'))];
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? lines.join(' ')).split(' ').map(Number);
  return quota && period && quota > 0 ? quota / period : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
