import path from 'node:path';
import { UsageError } from '../errors.js';
import type { Command, CommandContext } from './command.js';
import { connectionGiven } from './connection-options.js';
import { DEV_FOLDER } from './dev-session.js';

export const dev: Command = {
  name: 'dev',
  summary: 'Starts all of Perennial on this machine: Temporal with its UI, the store, a worker and a model server.',
  examples: ['dev', 'dev --store folder --port 8080'],
  options: [
    {
      flags: '--data-folder <path>',
      description: `where everything is kept for the next start; default: ${DEV_FOLDER}`,
    },
    { flags: '--port <number>', description: 'port of the model server; 0 for any free one; default: 8080' },
  ],
  // For --store (minio or folder) and --task-queue: all else is started here.
  connects: true,
  async run(context) {
    const store = storeKind(context);
    const [{ runDev }, { portOf }] = await Promise.all([import('./run-dev.js'), import('./serve.js')]);
    await runDev(context, {
      store,
      dataFolder: path.resolve(context.text('dataFolder') ?? DEV_FOLDER),
      port: portOf(context),
      taskQueue: context.text('taskQueue') ?? 'perennial',
    });
  },
};

function storeKind(context: CommandContext): 'minio' | 'folder' {
  const [other] = connectionGiven({ address: context.text('address'), namespace: context.text('namespace') });
  if (other !== undefined) {
    throw new UsageError(`Cannot run "dev" with ${other}: it starts a Temporal of its own`, {
      fix: `Leave ${other} out`,
    });
  }
  const store = context.text('store') ?? 'minio';
  if (store === 'minio' || store === 'folder') return store;
  throw new UsageError(`Cannot run "dev" with --store "${store}": want minio or folder`, { fix: 'dev --store folder' });
}
