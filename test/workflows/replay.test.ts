import { readdir, readFile } from 'node:fs/promises';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { scenarios } from '../support/scenarios.js';
import { workflowBundle } from '../support/temporal.js';

const folder = new URL('../histories/', import.meta.url);

describe('recorded histories', () => {
  it('exist for every scenario and for nothing else', async () => {
    const recorded = (await readdir(folder)).map((file) => file.replace(/\.json$/, ''));
    expect(recorded.toSorted(), 'record them with `npm run histories`').toEqual(Object.keys(scenarios).toSorted());
  });

  it.each(Object.keys(scenarios))('%s replays on the workflows as they are now', async (name) => {
    const history: unknown = JSON.parse(await readFile(new URL(`${name}.json`, folder), 'utf8'));
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history);
  });
});

describe('the workflow bundle', () => {
  it('holds nothing of Node and nothing of the activities', async () => {
    const { code } = await workflowBundle();
    const modules = [...code.matchAll(/^\/\*\*\*\/ "([^"]+)"/gm)].map(([, name]) => name ?? '');
    expect(modules.length).toBeGreaterThan(10);
    const foreign = modules.filter(
      (name) =>
        name.startsWith('node:') ||
        /^\.\/(activities|src\/(?!domain\/))|node_modules\/(?!@temporalio|nexus-rpc|ms\b|long\b|protobufjs|@protobufjs)/.test(
          name,
        ),
    );
    expect(foreign).toEqual([]);
  });
});
