import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrainingAnswer } from '../../src/domain/trigger.js';
import { LedgerLog } from '../../src/stores/ledger-log.js';
import { toyDays } from '../support/toy-data.js';
import { startWorld, type ToyModel, type World } from '../support/world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

function runOf(answer: TrainingAnswer): number {
  if (answer.outcome === 'refused') throw new Error(answer.message);
  return answer.run;
}

async function train(model: ToyModel, parameters?: Readonly<Record<string, unknown>>) {
  const answer = await world.client.requestTraining(model.name, parameters ? { parameters } : {});
  return await world.client.runResult(model.name, runOf(answer));
}

describe('the life of a model, on real parts', () => {
  it('is born, is kept when the next is not proven better, refuses shuffled labels, and reads only what is new', async () => {
    const model = await world.applyToy('toy-life', toyDays(14));
    const first = await train(model);
    expect(first).toMatchObject({ verdict: 'PROMOTE', version: 1, champion: 1, rows: { total: 2800, new: 2800 } });
    expect(first.metrics.candidate.auc!.low).toBeGreaterThan(0.7);

    for (const day of toyDays(3, 14)) await model.addDay(day);
    const second = await train(model);
    expect(second.rows).toMatchObject({ total: 3400, new: 600 });
    expect(second.verdict).toMatch(/HOLD|PROMOTE|REJECT/);
    expect(second.metrics.difference).toBeDefined();

    const shuffled = await train(model, { shuffle_labels: true });
    expect(shuffled.verdict).toBe('REJECT');
    expect(shuffled.rows.new).toBe(0);
    expect(shuffled.champion).toBe(second.champion);

    const before = await world.client.ledger(model.name);
    const again = await train(model);
    expect(again).toMatchObject({ verdict: 'HOLD', version: second.version, champion: second.champion });
    const { entries, state } = await world.client.ledger(model.name);
    expect(entries, 'equal bytes are no new version').toEqual(before.entries);
    expect(entries[0]!.decision).toMatchObject({ kind: 'register', version: 1 });
    expect(entries[1]!.decision).toMatchObject({ kind: 'promote', version: 1, replaces: 0 });
    expect(entries.at(-1)!.decision).toMatchObject({ kind: 'reject' });
    expect(state.champion?.version).toBe(second.champion);
    expect(await new LedgerLog(world.store, model.name).verify()).toEqual([]);
    expect((await world.client.runs(model.name)).map(({ run, outcome }) => [run, outcome])).toEqual([
      [4, 'HOLD'],
      [3, 'REJECT'],
      [2, second.verdict],
      [1, 'PROMOTE'],
    ]);
  });

  it('applies the same spec twice with no effect, and another one by replacing the plan', async () => {
    const { applyToy, client } = world;
    const schedule = { cron: '0 6 * * 1', timezone: 'UTC', paused: true };
    const model = await applyToy('toy-apply', toyDays(1), { triggers: { schedule } });
    const spec = (await client.status(model.name)).loop!.plan.spec;
    await applyToy('toy-apply', [], { triggers: { schedule } });
    expect((await client.status(model.name)).loop!.plan.spec).toEqual(spec);
    await applyToy('toy-apply', [], {});
    expect((await client.status(model.name)).loop!.plan.spec).not.toEqual(spec);
  });

  it('fails at validation with column, rule and owner when a file breaks the contract, and recovers with the corrected file', async () => {
    const model = await world.applyToy('toy-contract', toyDays(14));
    const first = await train(model);
    const [day] = toyDays(1, 14);
    await model.addDay(day!, 'visited,channel,visits,bought\n2026-01-15 10:00:00,mail,3,true\n');
    const failure = (await train(model).catch((error: unknown) => error)) as WorkflowFailedError;
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect(failure.cause).toMatchObject({ type: 'DATA.CONTRACT' });
    expect(failure.cause!.message).toMatch(/validate.*price.*dora/);
    expect((await world.client.ledger(model.name)).state.champion?.version).toBe(first.champion);
    expect(await world.client.run(model.name, 2)).toMatchObject({ outcome: 'FAILED', failure: { stage: 'validate' } });

    await model.addDay(day!);
    expect((await train(model)).rows.new).toBe(200);
  });
});
