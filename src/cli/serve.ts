import { SetupConflictError, UsageError } from '../errors.js';
import type { Command, CommandContext } from './command.js';

export const serve: Command = {
  name: 'serve',
  summary: 'Serves the champions of models over HTTP (Open Inference Protocol v2), and follows every promotion.',
  examples: ['serve returns', 'serve --host 0.0.0.0 --port 8080'],
  arguments: [{ name: '[model...]', description: 'names of models; default: every model that has a ledger' }],
  options: [
    { flags: '--host <host>', description: 'address to listen on; default: 127.0.0.1, this machine only' },
    { flags: '--port <number>', description: 'port; 0 for any free one; default: 8080' },
    { flags: '--public-url <url>', description: 'how others reach this server; default: host and port' },
  ],
  connects: true,
  async run(context) {
    const port = portOf(context);
    const [{ startModelServer }, { openStoreAt }, { connectionOf }, { untilAborted }] = await Promise.all([
      import('../serving/server.js'),
      import('./connect.js'),
      import('./connection-options.js'),
      import('./until-aborted.js'),
    ]);
    const [host, publicUrl] = [context.text('host'), context.text('publicUrl')];
    const store = openStoreAt(connectionOf(context));
    try {
      const server = await startModelServer({
        store,
        models: context.words.length === 0 ? 'discover' : modelNames(context.words),
        port,
        ...(host === undefined ? {} : { host }),
        ...(publicUrl === undefined ? {} : { publicUrl }),
      }).catch((error: unknown) => {
        throw listenError(error, port);
      });
      context.answer({ url: server.url, models: context.words, store: store.name }, () => `Serving at ${server.url}`);
      await untilAborted(context.signal);
      await server.stop();
    } finally {
      await store.close();
    }
  },
};

/** The value of `--port`. */
export function portOf(context: Pick<CommandContext, 'text'>, fallback = 8080): number {
  const text = context.text('port');
  if (text === undefined) return fallback;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`Cannot use --port "${text.slice(0, 40)}": want a number from 0 to 65535`, { fix: '--port 0' });
}

/** What `listen` says, in our words. */
export function listenError(error: unknown, port: number): unknown {
  const { code } = (error ?? {}) as { code?: unknown };
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') return error;
  const why = code === 'EADDRINUSE' ? 'another program has it' : `the system said ${code}`;
  return new SetupConflictError(`Cannot listen on port ${port}: ${why}`, {
    fix: 'Choose another with --port, or 0 for any free one.',
    details: { port },
    cause: error,
  });
}

function modelNames(words: readonly string[]): readonly string[] {
  const unfit = words.find((word) => !/^[a-z0-9][a-z0-9-]{0,62}$/.test(word));
  if (unfit === undefined) return words;
  throw new UsageError(`Cannot serve "${unfit.slice(0, 80)}": that is no name of a model`, { fix: 'perennial status' });
}
