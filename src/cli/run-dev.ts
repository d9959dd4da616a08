import path from 'node:path';
import { startModelServer } from '../serving/server.js';
import { startStack, type Stack } from '../dev/stack.js';
import { stackEnvironment } from '../dev/stack-environment.js';
import { openStore } from '../stores/index.js';
import { canStartDev } from './can-start-dev.js';
import type { CommandContext } from './command.js';
import { DEV_FOLDER, removeDevSession, writeDevSession } from './dev-session.js';
import { nearbySpec } from './nearby-spec.js';
import { listenError } from './serve.js';
import { shellWord } from './shell-word.js';
import { startWorker } from './start-worker.js';
import { untilAborted } from './until-aborted.js';

export interface DevOptions {
  readonly store: 'minio' | 'folder';
  readonly dataFolder: string;
  readonly port: number;
  readonly taskQueue: string;
}

/** Starts everything, says where it is, and ends all of it on Ctrl-C, in the order in which it stands on each other. */
export async function runDev(context: CommandContext, options: DevOptions): Promise<void> {
  const { dataFolder, port, taskQueue } = options;
  await canStartDev(process.cwd(), port);
  const undo: (() => unknown)[] = [];
  try {
    const stack = await startStack({ store: options.store, dataFolder, ui: true, progress: context.note });
    undo.push(() => stack.stop());
    const store = openStore(stack.store);
    undo.push(() => store.close());
    context.signal.throwIfAborted();
    // Makes the bucket before worker and server both look for it.
    await store.probe();
    const { address, namespace } = stack.temporal;
    const worker = await startWorker({
      address,
      namespace,
      taskQueue,
      store,
      note: context.note,
      debug: context.env['PERENNIAL_DEBUG'] === '1',
      python: stack.python,
    });
    undo.push(async () => {
      worker.stop();
      await worker.ended;
    });
    const server = await startModelServer({ store, models: 'discover', port, logLevel: 'warn' }).catch(
      (error: unknown) => {
        throw listenError(error, port);
      },
    );
    undo.push(() => server.stop());
    const env = { ...stackEnvironment(stack), PERENNIAL_TASK_QUEUE: taskQueue };
    const sessionFolder = path.resolve(DEV_FOLDER);
    const { uiUrl } = stack.temporal;
    writeDevSession(sessionFolder, env, { server: server.url, ...(uiUrl === undefined ? {} : { ui: uiUrl }) });
    undo.push(() => removeDevSession(sessionFolder));
    context.answer(documentOf(stack, server.url, store.name, options), () => {
      return textOf(context, stack, server.url, store.name, dataFolder);
    });
    // A worker that fails ends all of it, with its error.
    await Promise.race([untilAborted(context.signal), worker.ended]);
    context.note('\nStopping');
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

function documentOf({ temporal, pids }: Stack, serverUrl: string, storeName: string, options: DevOptions) {
  return {
    temporal: { address: temporal.address, namespace: temporal.namespace, uiUrl: temporal.uiUrl ?? null },
    store: storeName,
    modelServer: serverUrl,
    taskQueue: options.taskQueue,
    dataFolder: options.dataFolder,
    pids: [process.pid, ...pids],
  };
}

function textOf(context: CommandContext, stack: Stack, serverUrl: string, storeName: string, folder: string): string {
  const { colours } = context;
  const spec = nearbySpec(process.cwd());
  return [
    colours.green('Perennial is up'),
    `  Temporal      ${stack.temporal.address}`,
    `  Temporal UI   ${colours.cyan(stack.temporal.uiUrl ?? '-')}`,
    `  store         ${storeName}`,
    `  model server  ${colours.cyan(serverUrl)}`,
    `  kept in       ${folder}`,
    '',
    `In another terminal, in this folder: ${spec === undefined ? 'perennial init' : `perennial apply ${shellWord(spec)}`}`,
    'Ctrl-C stops all of it.',
  ].join('\n');
}
