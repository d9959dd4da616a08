import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Needs } from '../../../src/domain/resources.js';
import { ResourcesTooLargeError } from '../../../src/errors.js';
import { ResourceBudget, type Lease } from '../../../src/resources/budget.js';

const GIB = 2 ** 30;
const needs = (cpus: number, gib = 0, gpus = 0): Needs => ({ cpus, memoryBytes: gib * GIB, gpus });
const never = new AbortController().signal;

it('ResourceBudget, never hands out more than there is, whatever comes and goes', async () => {
  const asked = fc.record({ cpus: fc.constantFrom(0.1, 0.5, 1, 3), gib: fc.nat(4), gpus: fc.nat(2) });
  const step = fc.record({ asked, end: fc.nat(9), priority: fc.integer({ min: 1, max: 5 }), gone: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const budget = new ResourceBudget(needs(4, 8, 3));
      const out: { needs: Needs; lease: Lease }[] = [];
      const waiting = new Set<AbortController>();
      for (const { asked, end, priority, gone } of steps) {
        const leaving = new AbortController();
        const wanted = needs(asked.cpus, asked.gib, asked.gpus);
        waiting.add(leaving);
        void budget.acquire(wanted, { signal: leaving.signal, priority }).then(
          (lease) => {
            waiting.delete(leaving);
            out.push({ needs: wanted, lease });
          },
          () => waiting.delete(leaving),
        );
        await settled();
        if (gone) [...waiting][end % 3]?.abort(new Error('gone'));
        else out.splice(end % 4, 1)[0]?.lease.release();
        await settled();
        const sum = (of: (needs: Needs) => number) => out.reduce((all, { needs }) => all + of(needs), 0);
        expect(sum(({ cpus }) => cpus)).toBeLessThanOrEqual(4 + 1e-9);
        expect(sum(({ memoryBytes }) => memoryBytes)).toBeLessThanOrEqual(8 * GIB);
        const gpus = out.flatMap(({ lease }) => lease.gpus);
        expect(new Set(gpus).size).toBe(sum(({ gpus }) => gpus));
      }
      for (const leaving of waiting) leaving.abort(new Error('gone'));
      await settled();
      for (const { lease } of out) lease.release();
      expect(budget.free).toEqual(budget.total);
    }),
  );
});

it('ResourceBudget, says what is missing while it waits, and serves by priority and then by arrival', async () => {
  const budget = new ResourceBudget(needs(4, 32));
  const first = await budget.acquire(needs(1, 30), { signal: never });
  const told: string[] = [];
  const served: string[] = [];
  const wait = (name: string, priority: number) =>
    budget
      .acquire(needs(1, 8), { signal: never, priority, waits: (reason) => told.push(`${name} ${reason}`) })
      .then((lease) => served.push(name) && lease);
  const backfill = wait('backfill', 4);
  const schedule = wait('schedule', 3);
  const manual = wait('manual', 2);
  expect(told).toContain('backfill waits for 8.0 GiB of memory: 2.0 GiB of 32.0 GiB free');
  expect(told.at(-1)).toBe('backfill waits for 1 cpu and 8.0 GiB of memory: 2 trainings come first');
  first.release();
  await Promise.all([backfill, schedule, manual]);
  expect(served).toEqual(['manual', 'schedule', 'backfill']);
});

it('ResourceBudget, lets nobody overtake one that needs more', async () => {
  const budget = new ResourceBudget(needs(2));
  const held = await budget.acquire(needs(1), { signal: never });
  const large = budget.acquire(needs(2), { signal: never });
  let small = false;
  void budget.acquire(needs(1), { signal: never }).then(() => (small = true));
  await settled();
  expect(small).toBe(false);
  held.release();
  (await large).release();
  await settled();
  expect(small).toBe(true);
});

it('ResourceBudget, refuses at once what it never has, with class and numbers', async () => {
  const budget = new ResourceBudget({ ...needs(2, 4), class: 'small' });
  const refused = budget.acquire(needs(2, 8, 1), { signal: never });
  await expect(refused).rejects.toThrow(ResourcesTooLargeError);
  await expect(refused).rejects.toThrow(
    'it needs 2 cpus, 8.0 GiB of memory and 1 gpu, and this worker of class small has 2 cpus and 4.0 GiB of memory in all',
  );
});

it('hasRoom, counts what is under way, what has come and what may come', async () => {
  const budget = new ResourceBudget(needs(2));
  expect(budget.hasRoom(1)).toBe(true);
  expect(budget.hasRoom(2)).toBe(false);
  const leave = budget.enter();
  expect(budget.hasRoom(1)).toBe(false);
  const lease = await budget.acquire(needs(2), { signal: never });
  expect(budget.hasRoom(0)).toBe(false);
  const waits = budget.acquire(needs(1), { signal: never });
  lease.release();
  (await waits).release();
  leave();
  expect(budget.hasRoom(0)).toBe(true);
});

/** Everything that could go on has. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await Promise.resolve();
}
