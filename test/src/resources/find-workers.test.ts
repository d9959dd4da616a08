import { ServiceError, type Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { promptIdentity } from '../../../src/resources/prompt-worker.js';
import { workersOn } from '../../../src/resources/find-workers.js';

/** A Temporal that has heard of one worker ten seconds ago and keeps heartbeats, with what it answers when asked for these. */
function clientOf(listWorkers: () => Promise<unknown>): Client {
  const lastAccessTime = { seconds: Math.floor(Date.now() / 1000) - 10, nanos: 0 };
  const workflowService = {
    describeTaskQueue: () => Promise.resolve({ pollers: [{ identity: promptIdentity(), lastAccessTime }] }),
    describeNamespace: () => Promise.resolve({ namespaceInfo: { capabilities: { workerHeartbeats: true } } }),
    listWorkers,
  };
  return { workflowService, options: { namespace: 'default' } } as unknown as Client;
}

it('a worker that should have sent heartbeats and is not among those that did is gone', async () => {
  expect(
    await workersOn(
      clientOf(() => Promise.resolve({ workers: [] })),
      'queue',
    ),
  ).toBe(0);
});

it('nobody is held for gone because Temporal does not tell who sends heartbeats', async () => {
  const refused = () => Promise.reject(new ServiceError('rate limit exceeded'));
  expect(await workersOn(clientOf(refused), 'queue')).toBe(1);
});
