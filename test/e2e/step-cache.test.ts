import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExecution } from '../../src/find-execution.js';
import { defineModel } from '../../src/define-model.js';
import { runId } from '../../src/domain/run.js';
import type { RunRecord } from '../../src/domain/run.js';
import { findDamage } from '../../src/stores/find-damage.js';
import { startChildWorker, type ChildWorker } from '../support/child-worker.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { toyDays, toySpec } from '../support/toy-data.js';
import { startWorld, type World } from '../support/world.js';

const ALL = (use: string) => ({ split: use, train: use, evaluate: use });

async function finished(world: World, model: string, options = {}): Promise<RunRecord> {
  const answer = await world.client.requestTraining(model, options);
  if (answer.outcome === 'refused') throw new Error(answer.message);
  await world.client.runResult(model, answer.run);
  return await world.client.run(model, answer.run);
}

async function entriesOf(world: World): Promise<Map<string, { output: Record<string, unknown> }>> {
  const entries = new Map<string, { output: Record<string, unknown> }>();
  for await (const { key } of world.store.list('cache/')) {
    entries.set(key, JSON.parse((await world.store.read(key)).toString()) as { output: Record<string, unknown> });
  }
  return entries;
}

/** What an activity of a run gave, as the Temporal UI shows it. */
async function resultOf(world: World, model: string, run: number, step: string): Promise<Record<string, unknown>> {
  const { events = [] } = await world.temporal.client.workflow.getHandle(runId(model, run)).fetchHistory();
  const scheduled = events?.find(
    ({ activityTaskScheduledEventAttributes: each }) => each?.activityType?.name === `perennial.${step}`,
  );
  const completed = events?.find(({ activityTaskCompletedEventAttributes: each }) =>
    each?.scheduledEventId?.eq(scheduled?.eventId ?? 0),
  );
  const [payload] = completed?.activityTaskCompletedEventAttributes?.result?.payloads ?? [];
  return JSON.parse(Buffer.from(payload?.data ?? []).toString()) as Record<string, unknown>;
}

describe('a run on what has not changed', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
  });
  afterAll(() => world.stop());

  it('takes split, model and evaluation from the run before, says so everywhere, and decides the same', async () => {
    await world.applyToy('toy-again', toyDays(14));
    const first = await finished(world, 'toy-again');
    expect(first).toMatchObject({ outcome: 'PROMOTE', cache: ALL('miss') });
    // The first run after a promotion already: its candidate is the champion.
    const second = await finished(world, 'toy-again');
    expect(second).toMatchObject({ outcome: 'HOLD', cache: ALL('hit'), result: { version: 1, champion: 1 } });
    const { split, bundle } = first.evidence;
    expect(second.evidence).toMatchObject({ split, bundle });
    const third = await finished(world, 'toy-again');
    expect(third).toMatchObject({ outcome: 'HOLD', cache: ALL('hit') });
    expect(third.evidence).toEqual({ ...second.evidence, changes: third.evidence.changes });

    const shown = await resultOf(world, 'toy-again', third.run, 'train');
    expect(Object.entries(shown)[0]).toEqual(['cache', 'hit']);
    expect(shown['message']).toMatch(/^taken from run 1 of \d{4}-\d\d-\d\d: gradient-boosting on /);
  });

  it('does every step anew when it is asked to, and comes to the same', async () => {
    const before = await finished(world, 'toy-again');
    const anew = await finished(world, 'toy-again', { cache: false });
    expect(anew).toMatchObject({ outcome: 'HOLD', cache: ALL('off') });
    expect(anew.evidence).toEqual({ ...before.evidence, changes: anew.evidence.changes });
    expect((await resultOf(world, 'toy-again', anew.run, 'train'))['message']).toMatch(/^gradient-boosting on /);
  });

  it('takes nothing for a step that its spec takes out of the cache', async () => {
    await world.applyToy('toy-part', toyDays(14), { cache: { train: 'off' } });
    await finished(world, 'toy-part');
    expect(await finished(world, 'toy-part')).toMatchObject({ cache: { split: 'hit', train: 'off', evaluate: 'hit' } });
  });

  it('is not held up by new words in the spec, and does again what a new number changes', async () => {
    const toy = await world.applyToy('toy-words', toyDays(14));
    await finished(world, 'toy-words');
    const apply = async (changes: object) =>
      await world.client.apply({ spec: defineModel(toySpec('toy-words', toy.data, changes)) });
    await apply({ objective: { statement: 'Other words.' }, owners: { data: 'dirk', model: 'mo', business: 'bea' } });
    expect(await finished(world, 'toy-words')).toMatchObject({ cache: ALL('hit') });
    await apply({ trainer: { parameters: { max_iter: 21 } } });
    expect(await finished(world, 'toy-words')).toMatchObject({
      cache: { split: 'hit', train: 'miss', evaluate: 'miss' },
    });
    await toy.addDay('2026-01-15');
    expect(await finished(world, 'toy-words')).toMatchObject({ cache: ALL('miss') });
  });

  it('keeps nothing of a run that was cancelled', async () => {
    const before = (await entriesOf(world)).size;
    const slow = { max_iter: 4000, max_leaf_nodes: 63 };
    await world.applyToy('toy-cancelled', toyDays(14), { trainer: { parameters: slow } });
    const { run = 0 } = (await world.client.requestTraining('toy-cancelled')) as { run?: number };
    const handle = world.temporal.client.workflow.getHandle(runId('toy-cancelled', run));
    await until('training is under way', async () => {
      // It may not have begun yet.
      const found = await findExecution(world.temporal.client, runId('toy-cancelled', run));
      return (
        found?.raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'perennial.train') === true
      );
    });
    await handle.cancel();
    await handle.result().catch(() => undefined);
    const kept = [...(await entriesOf(world)).keys()];
    // The split was done before.
    expect(kept.length).toBe(before + 1);
    expect(await world.client.run('toy-cancelled', run)).toMatchObject({ cache: { split: 'miss' } });
  });
});

describe('kill -9 of the worker', () => {
  let world: World;
  let proxy: FaultProxy;
  let worker: ChildWorker | undefined;
  let environment: Readonly<Record<string, string>>;
  beforeAll(async () => {
    world = await startWorld({ worker: false });
    proxy = await startFaultProxy(world.minio.endpoint);
    environment = { ...world.environment, PERENNIAL_STORE: `${proxy.endpoint}/perennial` };
  });
  afterAll(async () => {
    await worker?.stop();
    await proxy.stop();
    await world.stop();
  });

  it.each([
    ['before the model is stored', 'hang', 'manifests/bundle/'],
    ['after the model is stored, before its entry is', 'hang', 'cache/train/'],
    ['after the entry is stored, before anybody knows', 'apply-then-hang', 'cache/train/'],
    ['between the rows and what names them', 'hang', 'manifests/split/'],
  ] as const)('%s: the run ends well, and no entry names what is not there', async (...[, fault, path]) => {
    const model = `toy-${path.replaceAll(/[^a-z]/g, '')}-${fault === 'hang' ? 'h' : 'a'}`;
    await world.applyToy(model, toyDays(14));
    worker ??= await startChildWorker(environment);
    proxy.rules({ fault, method: 'PUT', path: new RegExp(path) });
    const { run = 0 } = (await world.client.requestTraining(model)) as { run?: number };
    await until('the write is on its way', () => proxy.log.length > 0);
    await worker.kill();
    proxy.rules();
    for (const { output } of (await entriesOf(world)).values()) {
      expect(await findDamage(world.store, output)).toBeUndefined();
    }

    worker = await startChildWorker(environment);
    expect(await world.client.runResult(model, run)).toMatchObject({ verdict: 'PROMOTE' });
    for (const { output } of (await entriesOf(world)).values()) {
      expect(await findDamage(world.store, output)).toBeUndefined();
    }
    expect(await finished(world, model)).toMatchObject({ cache: ALL('hit') });
  });
});

async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`Waited a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
