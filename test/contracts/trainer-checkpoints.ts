import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TrainerBench } from './trainer-bench.js';

const SAVE = `
def save(step):
    folder = f"checkpoints/step-{step}"
    os.makedirs(folder + "/deep")
    write(folder + "/deep/trees", str(step))
    say({"checkpoint": folder, "step": step})
`;

/** Checkpoints are kept one at a time, checked before, and gone after. */
export function checkpointContract(bench: TrainerBench): void {
  describe('checkpoints', () => {
    const steps = () => bench.checkpoints.map(({ step }) => step);

    test('a checkpoint, is kept while it is there, and removed then', async () => {
      let content = '';
      bench.keep = async ({ folder }) => {
        content = await readFile(path.join(folder, 'deep', 'trees'), 'utf8');
      };
      await bench.train(`${SAVE}\nsave(50); model(); metrics()`);
      expect(bench.checkpoints).toEqual([{ folder: path.join(bench.folder, 'checkpoints', 'step-50'), step: 50 }]);
      expect(content).toBe('50');
      expect(await readdir(path.join(bench.folder, 'checkpoints'))).toEqual([]);
    });

    test('while one is kept, only the newest of the others waits, and the end waits for it', async () => {
      let inFlight = 0;
      bench.keep = async ({ step }) => {
        inFlight += 1;
        expect(inFlight).toBe(1);
        if (step === 1) await bench.reached('all-said');
        inFlight -= 1;
      };
      await bench.train(`
${SAVE}
save(1); save(2); save(3)
while os.path.exists("checkpoints/step-2"): time.sleep(0.01)
write("all-said"); model(); metrics()`);
      // From elsewhere is heard of several at a time: then all but the newest are passed over.
      expect(bench.elsewhere ? steps().slice(-1) : steps()).toEqual(bench.elsewhere ? [3] : [1, 3]);
      expect(await readdir(path.join(bench.folder, 'checkpoints'))).toEqual([]);
    });

    test.each([
      ['a folder elsewhere', `say({"checkpoint": "output", "step": 1})`, /want a folder checkpoints\/NAME/],
      ['a folder above', `say({"checkpoint": "checkpoints/../..", "step": 1})`, /want a folder checkpoints\/NAME/],
      ['no folder', `say({"checkpoint": "checkpoints/none", "step": 1})`, /no such folder/],
      [
        'a link as folder',
        `os.symlink("/etc", "checkpoints/a"); say({"checkpoint": "checkpoints/a", "step": 1})`,
        /no such folder/,
      ],
      [
        'a link in it',
        `os.mkdir("checkpoints/a"); os.symlink("/etc/passwd", "checkpoints/a/b"); say({"checkpoint": "checkpoints/a", "step": 1})`,
        /"b" in it is not a regular file/,
      ],
    ])('%s, is not kept, and the training goes on', async (_what, code, said) => {
      await bench.train(`${code}\nmodel(); metrics()`);
      expect(bench.checkpoints).toEqual([]);
      expect(bench.log.join('\n')).toMatch(said);
      expect(existsSync('/etc/passwd')).toBe(true);
    });

    test('one that cannot be stored, does not end the training', async () => {
      bench.keep = () => Promise.reject(new Error('the store is away'));
      await bench.train(`${SAVE}\nsave(1); model(); metrics()`);
      expect(bench.log.join('\n')).toContain('the checkpoint of step 1 was not kept: the store is away');
    });

    test.each([
      ['aborted', {}],
      ['its time is up', { timeoutMs: 700 }],
    ])('%s, a last one is kept in the time that a trainer has to end', async (_what, changes) => {
      const done = bench.train(
        `
${SAVE}
def last(*_):
    save(99); os._exit(1)
signal.signal(signal.SIGTERM, last)
write("started"); forever()`,
        { graceMs: 20_000, ...changes },
      );
      await bench.reached('started');
      if (!('timeoutMs' in changes)) bench.aborter.abort(new Error('cancelled'));
      await expect(done).rejects.toThrow();
      expect(steps()).toEqual([99]);
    });
  });
}
