import { once } from 'node:events';
import { createServer } from 'node:net';
import { SetupConflictError } from '../errors.js';
import { devSessionIn } from './dev-session.js';
import { listenError } from './serve.js';

/**
 * Looks, before anything is started, whether `perennial dev` can run in this folder with its model server at this port.
 *
 * @throws {SetupConflictError} when one runs here already, or the port is taken
 */
export async function canStartDev(folder: string, port: number): Promise<void> {
  const session = devSessionIn(folder);
  if (session) {
    const { ui, server } = session.urls ?? {};
    const facts = [
      `process ${session.process.pid}`,
      ...(ui ? [`UI ${ui}`] : []),
      ...(server ? [`server ${server}`] : []),
    ];
    throw new SetupConflictError(`Cannot start: perennial dev runs here already (${facts.join(', ')})`, {
      fix: 'Use that one: perennial status. Or end it with Ctrl-C in its terminal, or start this one in another folder.',
      details: { pid: session.process.pid },
    });
  }
  if (port !== 0) await tryPort(port);
}

async function tryPort(port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
  } catch (error) {
    throw listenError(error, port);
  }
  probe.close();
  await once(probe, 'close');
}
