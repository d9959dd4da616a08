import { execFile } from 'node:child_process';

const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** Without privileges, where the kernel allows it. */
const IN_USER_NAMESPACE = ['unshare', '--user', '--map-current-user', ...NAMESPACE.slice(1)];
/** The kernel's own way to end a process when the one that started it is gone. */
const DIE_WITH_PARENT = ['setpriv', '--pdeathsig', 'KILL'];

/** Words that are put before a command line. */
export interface ProcessIsolation {
  /** Ends what follows when its parent does; empty where there is no such program. */
  readonly dieWithParent: readonly string[];
  /** Starts what follows as the first process of a PID namespace, which ends with it; empty where that is not allowed. */
  readonly namespace: readonly string[];
}

let found: Promise<ProcessIsolation> | undefined;

/** What works on this machine, tried once a process. */
export function processIsolation(): Promise<ProcessIsolation> {
  found ??= (async () => {
    const [mortal, plain, user] = await Promise.all([DIE_WITH_PARENT, NAMESPACE, IN_USER_NAMESPACE].map(works));
    return {
      // That of BusyBox does not know it.
      dieWithParent: mortal === true ? [...DIE_WITH_PARENT, '--'] : [],
      namespace: plain === true ? [...NAMESPACE, '--'] : user === true ? [...IN_USER_NAMESPACE, '--'] : [],
    };
  })();
  return found;
}

function works(words: readonly string[]): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(false);
  const [program = '', ...args] = words;
  return new Promise((resolve) => execFile(program, [...args, '--', 'true'], (error) => resolve(error === null)));
}
