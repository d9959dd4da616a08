import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { fakeActivities } from './support/fake-activities.js';
import { scenarios } from './support/scenarios.js';
import { testTemporal, testWorker } from './support/temporal.js';

/** `npm run histories`: plays every scenario on a real server and writes its history to `test/histories`. */
const folder = new URL('./histories/', import.meta.url);
const root = fileURLToPath(new URL('../', import.meta.url));
await mkdir(folder, { recursive: true });
const temporal = await testTemporal();
try {
  for (const [name, { activities, play }] of Object.entries(scenarios)) {
    const worker = await testWorker(temporal, { activities: fakeActivities(activities), identity: 'recorder' });
    const history = await worker.runUntil(async () => {
      const workflowId = await play(temporal.client, name);
      return await temporal.client.workflow.getHandle(workflowId).fetchHistory();
    });
    // Stack traces name the folder that the recorder happened to run in.
    const text = JSON.stringify(JSON.parse(historyToJSON(history)), null, 1).replaceAll(root, '');
    await writeFile(new URL(`${name}.json`, folder), `${text}\n`);
    process.stderr.write(`recorded ${name}\n`);
  }
} finally {
  await temporal.stop();
}
