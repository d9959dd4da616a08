import { connect } from 'node:net';

/** Does anybody listen there? Answers within `timeoutMs`, 5 s by default. */
export function portOpen(port: number, host = '127.0.0.1', timeoutMs = 5_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const answer = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });
}
