import { execFile } from 'node:child_process';
import { findProgram } from './find-program.js';

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
    // The setpriv of BusyBox does not know the option.
    const [dieWithParent, plain, user] = await Promise.all(
      [DIE_WITH_PARENT, NAMESPACE, IN_USER_NAMESPACE].map(working),
    );
    return { dieWithParent: dieWithParent ?? [], namespace: plain ?? user ?? [] };
  })();
  return found;
}

/** The words, with the program as a path: a trainer may have another PATH. Undefined when they do not work here. */
async function working([name = '', ...args]: readonly string[]): Promise<string[] | undefined> {
  const program = process.platform === 'linux' ? await findProgram(name) : undefined;
  if (program === undefined) return undefined;
  const words = [program, ...args, '--'];
  return await new Promise((resolve) =>
    execFile(program, [...words.slice(1), 'true'], (error) => resolve(error === null ? words : undefined)),
  );
}
