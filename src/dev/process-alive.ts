import { readFileSync } from 'node:fs';

/** A process as a lock remembers it: the start time tells it from a later process that was given the same id. */
export interface ProcessMark {
  readonly pid: number;
  /** Start time in clock ticks since boot; absent where the system does not tell. */
  readonly started?: string;
}

/** Is this very process still there? A zombie counts as gone: it holds no file and no port. */
export function processAlive(mark: ProcessMark): boolean {
  try {
    process.kill(mark.pid, 0);
  } catch (error) {
    // EPERM: it is there, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const now = readStat(mark.pid);
  if (now === undefined) return true;
  if (now.state === 'Z') return false;
  return mark.started === undefined || mark.started === now.started;
}

/** The mark of a running process. */
export function markOf(pid: number): ProcessMark {
  const stat = readStat(pid);
  return stat === undefined ? { pid } : { pid, started: stat.started };
}

function readStat(pid: number): { state: string; started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold spaces and brackets: fields are counted from its last closing bracket.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
