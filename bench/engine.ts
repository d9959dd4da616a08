import path from 'node:path';
import { exampleSpec } from '../src/demo/example.js';
import { scheduledRun } from '../src/demo/scheduled-run.js';
import { buildStage, type Stage } from '../src/demo/stage.js';
import { writeWeek } from '../src/demo/weeks.js';
import { pythonEnv } from '../src/dev/tools.js';
import type { StoredSpec } from '../src/spec/spec.js';
import { median } from './median.js';
import { plainWeek } from './plain-script.js';
import type { BenchRow } from './row.js';

/** Weeks that are there before: eight make a window of full length. */
const HISTORY = 8;
const ROUNDS = 5;

/**
 * What the engine costs: wall time of a week of the demo's model (a new file arrives, the Schedule is triggered, the run
 * ends and is live where promoted), against the same work as a plain script on local files. Interleaved.
 */
export async function benchEngine(): Promise<BenchRow[]> {
  const quiet = { progress: () => {}, signal: new AbortController().signal };
  const stage = await buildStage({ store: 'minio', model: 'late-flights', ...quiet });
  try {
    return await race(stage, await exampleSpec(stage.inbox.source));
  } finally {
    await stage.stop();
  }
}

async function race(stage: Stage, stored: StoredSpec): Promise<BenchRow[]> {
  const { python } = await pythonEnv();
  await stage.perennial.apply(stored);
  const put = async (week: number) => stage.inbox.put(await writeWeek(stage.scratch, week));
  for (let week = 1; week <= HISTORY; week++) await put(week);
  await scheduledRun(stage, stored.spec.name);
  const model = (week: number) => path.join(stage.scratch, `plain-${week}.onnx`);
  const script = async (week: number, champion?: string) => {
    const weeks = Array.from({ length: HISTORY }, (_, index) => week - HISTORY + 1 + index);
    const from = { stored, folder: stage.scratch, weeks, python, keepModel: model(week) };
    return await plainWeek({ ...from, ...(champion !== undefined && { champion }) });
  };
  await script(HISTORY);

  const oursMs: number[] = [];
  const theirsMs: number[] = [];
  for (let week = HISTORY + 1; week <= HISTORY + ROUNDS; week++) {
    await writeWeek(stage.scratch, week);
    oursMs.push(
      await timed(async () => {
        await put(week);
        await scheduledRun(stage, stored.spec.name);
      }),
    );
    theirsMs.push(await timed(() => script(week, model(HISTORY))));
  }
  const [ours, theirs] = [median(oursMs) / 1000, median(theirsMs) / 1000];
  return [{ name: 'a week of the demo', ratio: ours / theirs, aim: 1.3, ours, theirs, unit: 's' }];
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
