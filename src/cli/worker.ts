import { UsageError } from '../errors.js';
import type { Command } from './command.js';
import { resourcesOf, RESOURCE_OPTIONS } from './worker-resources.js';

export const worker: Command = {
  name: 'worker',
  summary: "Carries out the work of Perennial's workflows, until it is stopped.",
  examples: ['worker', 'worker --class gpu --cpus 8 --memory 32GiB --gpus 1'],
  options: [
    ...RESOURCE_OPTIONS,
    {
      flags: '--work-folder <path>',
      description: 'for scratch files and cached data; default: `work` in PERENNIAL_CACHE or ~/.cache/perennial',
    },
    { flags: '--cache-bytes <number>', description: 'most bytes of cached data; default: 10 GiB' },
  ],
  connects: true,
  async run(context) {
    const [{ startWorker }, { openStoreAt, reachTemporal }, { connectionOf }, { amountText }] = await Promise.all([
      import('./start-worker.js'),
      import('./connect.js'),
      import('./connection-options.js'),
      import('../resources/words.js'),
    ]);
    const where = connectionOf(context);
    const resources = resourcesOf(context);
    const store = openStoreAt(where);
    try {
      await reachTemporal(where);
      const workFolder = context.text('workFolder');
      const cacheBytes = bytesOf(context.text('cacheBytes'));
      const running = await startWorker({
        ...where,
        store,
        resources,
        note: context.note,
        debug: context.env['PERENNIAL_DEBUG'] === '1',
        ...(workFolder === undefined ? {} : { workFolder }),
        ...(cacheBytes === undefined ? {} : { cacheBytes }),
      });
      const { address, namespace } = where;
      const { taskQueues, classes, has } = running;
      const [taskQueue] = taskQueues;
      const place = { address, namespace, taskQueue, taskQueues, store: store.name };
      context.answer({ ...place, classes, resources: has, pid: process.pid }, () => {
        const queues = taskQueues.map((queue) => `"${queue}"`).join(' and ');
        const working = `Working on the task queue ${queues} of ${address} (${namespace}), store: ${store.name}`;
        return `${working}\nTrainings of class ${classes.join(' and ')} may take ${amountText(has)}`;
      });
      context.signal.addEventListener('abort', () => running.stop(), { once: true });
      if (context.signal.aborted) running.stop();
      await running.ended;
    } finally {
      await store.close();
    }
  },
};

function bytesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot use --cache-bytes "${text.slice(0, 40)}": want a whole number of bytes from 1`, {
    fix: '--cache-bytes 107374182400',
  });
}
