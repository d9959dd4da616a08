import { exampleSpec } from '../src/demo/example.js';
import { buildStage, type Stage } from '../src/demo/stage.js';
import { writeWeek } from '../src/demo/weeks.js';
import { runId } from '../src/domain/run.js';
import { median } from './median.js';
import type { BenchRow } from './row.js';

/** Weeks that are there before: eight make a window of full length. */
const HISTORY = 8;
const WEEKS = 4;
const RERUNS = 3;

/**
 * What a run of the demo's model costs when nothing has changed since the last one, against that one: a new week arrives
 * and is run, then run again as it is. Wall time from the request to the end of the run, on one worker that goes on.
 */
export async function benchRerun(): Promise<BenchRow[]> {
  const quiet = { progress: () => {}, signal: new AbortController().signal };
  const stage = await buildStage({ store: 'minio', model: 'late-flights', ...quiet });
  try {
    const stored = await exampleSpec(stage.inbox.source);
    await stage.perennial.apply(stored);
    return await weeks(stage, stored.spec.name);
  } finally {
    await stage.stop();
  }
}

async function weeks(stage: Stage, model: string): Promise<BenchRow[]> {
  const put = async (week: number) => stage.inbox.put(await writeWeek(stage.scratch, week));
  for (let week = 1; week <= HISTORY; week++) await put(week);
  await timedRun(stage, model);
  const first: number[] = [];
  const again: TimedRun[] = [];
  for (let week = HISTORY + 1; week <= HISTORY + WEEKS; week++) {
    await put(week);
    first.push((await timedRun(stage, model)).ms);
    for (let round = 0; round < RERUNS; round++) again.push(await timedRun(stage, model));
  }
  const missed = again.find(({ hits }) => hits < 3);
  if (missed) throw new Error(`run again as it was: ${missed.hits} of 3 steps came from the cache`);
  const [ours, theirs] = [median(again.map(({ ms }) => ms)), median(first)];
  const note = `of it ${Object.entries(medians(again.map(({ steps }) => steps)))
    .map(([step, ms]) => `${step} ${ms.toFixed(0)}`)
    .join(', ')} ms in the steps`;
  return [
    { name: 'an unchanged run / the one before', ratio: ours / theirs, aim: 0.05, ours, theirs, unit: 'ms', note },
  ];
}

interface TimedRun {
  readonly ms: number;
  /** Steps that were taken from the cache. */
  readonly hits: number;
  /** Time in a worker by step, in milliseconds. */
  readonly steps: Readonly<Record<string, number>>;
}

async function timedRun({ perennial, temporal }: Stage, model: string): Promise<TimedRun> {
  const began = performance.now();
  const answer = await perennial.requestTraining(model);
  if (answer.outcome === 'refused') throw new Error(answer.message);
  await perennial.runResult(model, answer.run);
  const ms = performance.now() - began;
  const { cache = {} } = await perennial.run(model, answer.run);
  const { events } = await temporal.workflow.getHandle(runId(model, answer.run)).fetchHistory();
  const hits = Object.values(cache).filter((use) => use === 'hit').length;
  return { ms, hits, steps: stepTimes(events ?? []) };
}

type HistoryEvents = NonNullable<
  Awaited<ReturnType<ReturnType<Stage['temporal']['workflow']['getHandle']>['fetchHistory']>>['events']
>;

function stepTimes(events: HistoryEvents): Record<string, number> {
  const byId = new Map(events.map((event) => [String(event.eventId), event]));
  const at = (event: HistoryEvents[number] | undefined) =>
    Number(event?.eventTime?.seconds ?? 0) * 1000 + (event?.eventTime?.nanos ?? 0) / 1e6;
  const times: Record<string, number> = {};
  for (const event of events) {
    const completed = event.activityTaskCompletedEventAttributes;
    if (!completed) continue;
    const scheduled = byId.get(String(completed.scheduledEventId))?.activityTaskScheduledEventAttributes;
    const name = scheduled?.activityType?.name?.replace('perennial.', '') ?? '?';
    times[name] = at(event) - at(byId.get(String(completed.startedEventId)));
  }
  return times;
}

function medians(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(all.map((each) => each[name] ?? 0))]));
}
