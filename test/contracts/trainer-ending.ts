import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { TrainerTimeoutError } from '../../src/errors.js';
import type { TrainerBench } from './trainer-bench.js';

/** However a job ends, nothing of it is left. */
export function endingContract(bench: TrainerBench): void {
  describe('ending', () => {
    test('a trainer that never ends, is ended when its time is up, with what it left behind', async () => {
      const error = await bench
        .train(`daemon(); print("still here"); forever()`, { timeoutMs: 700 })
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TrainerTimeoutError);
      expect(error).toMatchObject({ details: { timeoutMs: 700 } });
      expect((error as Error).message).toContain('0.7 s');
      expect(await bench.processes()).toEqual([]);
    });

    test('aborted, gives a trainer time to clean up and rejects with the reason', async () => {
      const done = bench.train(`
def clean(*_):
    write("cleaned"); sys.exit(0)
signal.signal(signal.SIGTERM, clean)
daemon(); write("started"); forever()`);
      await bench.reached('started');
      const reason = new Error('the run was cancelled');
      bench.aborter.abort(reason);
      await expect(done).rejects.toBe(reason);
      expect(existsSync(path.join(bench.folder, 'cleaned'))).toBe(true);
      expect(await bench.processes()).toEqual([]);
    });

    test('aborted, kills a trainer that ignores SIGTERM when its grace is over, with its children', async () => {
      const done = bench.train(
        `
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sh", "-c", 'trap "" TERM; while :; do sleep 1; done'])
write("started"); forever()`,
        { graceMs: 1500 },
      );
      await bench.reached('started');
      const from = Date.now();
      bench.aborter.abort(new Error('cancelled'));
      await expect(done).rejects.toThrow('cancelled');
      expect(Date.now() - from).toBeGreaterThan(1400);
      expect(await bench.processes()).toEqual([]);
    });

    test('aborted just when it starts, does not use up its grace', async () => {
      const from = Date.now();
      for (const delay of [0, 2, 4, 5, 6, 8, 10, 12, 15, 20, 40]) {
        bench.aborter = new AbortController();
        const done = bench.train(`forever()`, { graceMs: 100_000 });
        setTimeout(() => bench.aborter.abort(new Error('at once')), delay);
        await expect(done).rejects.toThrow('at once');
      }
      expect(Date.now() - from).toBeLessThan(50_000);
      expect(await bench.processes()).toEqual([]);
    });

    test('aborted before it starts, starts nothing', async () => {
      bench.aborter.abort(new Error('too late'));
      await expect(bench.train(`write("started")`)).rejects.toThrow('too late');
      expect(existsSync(path.join(bench.folder, 'started'))).toBe(false);
    });

    test('what a trainer leaves running, is ended after it, also a daemon without a variable of ours', async () => {
      const output = await bench.train(`
subprocess.Popen(["sleep", "1000"])
subprocess.Popen(["sleep", "1000"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
daemon(); model(); metrics(); os._exit(0)`);
      expect(output.metrics).toEqual({ auc: 0.8 });
      expect(await bench.processes()).toEqual([]);
    });
  });
}
