import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceUnreachableError, type PerennialError } from '../errors.js';
import { portOpen } from './port-open.js';
import { startGuarded, type GuardedOptions, type GuardedProcess } from './guarded-process.js';

/** One try to start a server: what to run, and how to see that it is of use. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly options?: GuardedOptions;
  /** The port that opens first; `ready` is not asked before. */
  readonly port: number;
  /** Throws as long as the server cannot be used; gives up when the signal is aborted. */
  ready(signal: AbortSignal): Promise<void>;
}

/** A port that looked free can be taken before the server binds it: then the whole start is tried again. */
const TRIES = 3;
/** A server is ready in a second when the machine is idle; a loaded one takes many. */
const TIMEOUT_MS = 60_000;
const POLL_MS = 20;

/** Starts a server and returns when it can be used. `launch` is asked anew for each try, so it picks new ports. */
export async function startServer(name: string, launch: () => Promise<Launch>): Promise<GuardedProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const what = await launch();
    const server = await startGuarded(what.program, what.args, what.options);
    const problem = await waitUntilReady(name, what, server);
    if (problem === undefined) return server;
    const portTaken = /address already in use|bind/i.test(server.tail());
    await server.stop();
    if (attempt === TRIES || !portTaken) throw problem;
  }
}

async function waitUntilReady(name: string, what: Launch, server: GuardedProcess): Promise<PerennialError | undefined> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  let last: unknown;
  while (!deadline.aborted && !server.hasEnded()) {
    try {
      if (await portOpen(what.port)) {
        await what.ready(deadline);
        // Somebody else's server on the same port would have answered too: ours must still be there.
        if (!server.hasEnded()) return undefined;
      }
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  const why = server.hasEnded() ? 'it ended' : `it was not ready after ${TIMEOUT_MS / 1000} s`;
  return new ServiceUnreachableError(`start ${name} with "${what.program}": ${why}${quoted(server.tail())}`, {
    fix: `run it by hand to see more: ${what.program} ${what.args.join(' ')}`,
    cause: last,
  });
}

function quoted(tail: string): string {
  return tail === '' ? '' : `; it said: ${tail.split('\n').slice(-5).join('\n')}`;
}
