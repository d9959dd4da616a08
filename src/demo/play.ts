import { rm } from 'node:fs/promises';
import path from 'node:path';
import { runId, type RunRecord } from '../domain/run.js';
import { SetupConflictError } from '../errors.js';
import type { StoredSpec } from '../spec/spec.js';
import { verifyLedger } from '../stores/ledger-verify.js';
import type { CalendarWeek } from './calendar.js';
import { checkClaims } from './claims.js';
import { exampleSpec } from './example.js';
import type { Played, PlayedFault, PlayedWeek } from './played.js';
import { scheduledRun, trainingAttempts } from './scheduled-run.js';
import { serveWeek } from './serve-week.js';
import type { Stage } from './stage.js';
import type { Teller } from './teller.js';
import { monday, weekFile, writeWeek } from './weeks.js';

/** Plays the calendar on a stage, week after week, and tells it while it happens. */
export async function play(stage: Stage, calendar: readonly CalendarWeek[], teller: Teller): Promise<Played> {
  const began = performance.now();
  const stored = await exampleSpec(stage.inbox.source);
  const { name: model } = stored.spec;
  await stage.perennial.apply(stored);
  teller.applied(stored);

  const game: Game = { stage, stored, model, teller, faults: [] };
  const weeks: PlayedWeek[] = [];
  for (const [turn, week] of calendar.entries()) {
    teller.week(turn + 1, calendar.length, week);
    const played = await playWeek(game, week, weeks[0]?.record);
    weeks.push(played);
    teller.served(played);
  }

  const { entries, state } = await stage.perennial.ledger(model);
  const broken = await verifyLedger(stage.store, model);
  const attempts = new Map<string, number>();
  for (const { kind, record } of game.faults) {
    if (kind === 'worker-killed') attempts.set(record.workflowId, await trainingAttempts(stage, model, record.run));
  }
  const facts = { weeks, faults: game.faults, ledger: entries };
  const claims = checkClaims({
    ...facts,
    attempts,
    broken,
    champion: state.champion?.version ?? 0,
    owner: stored.spec.owners.data,
  });
  return { ...facts, claims, seconds: (performance.now() - began) / 1000 };
}

interface Game {
  readonly stage: Stage;
  readonly stored: StoredSpec;
  readonly model: string;
  readonly teller: Teller;
  readonly faults: PlayedFault[];
}

async function playWeek(game: Game, calendarWeek: CalendarWeek, first: RunRecord | undefined): Promise<PlayedWeek> {
  const { stage, stored, model, teller } = game;
  const { week, trouble } = calendarWeek;
  const began = performance.now();
  if (trouble === 'missing-column') await sendBrokenFile(game, calendarWeek);
  for (const each of calendarWeek.arriving) await stage.inbox.put(await writeWeek(stage.scratch, each));
  teller.arrived(calendarWeek, trouble === 'missing-column');
  const record = await (trouble === 'worker-killed' ? runThroughKill(game, calendarWeek) : scheduledRun(stage, model));
  teller.ran(record, began);
  if (trouble === 'shuffled-labels') await askForShuffled(game, calendarWeek);

  // What comes next is not in the inbox yet: nobody could have trained on it.
  await writeWeek(stage.scratch, week + 1);
  const newest = bundleOf(record);
  const served = await serveWeek(stage, { stored, week: week + 1, frozen: bundleOf(first ?? record), newest });
  await rm(path.join(stage.scratch, weekFile(week - 1)), { force: true });
  return {
    week: monday(week),
    served: monday(week + 1),
    record,
    liveVersion: Number(served.versions.at(-1)),
    versions: served.versions,
    asked: served.asked,
    live: served.live,
    frozen: served.frozen,
    newest: served.newest,
    seconds: (performance.now() - began) / 1000,
  };
}

/** A file without a column arrives, and the Schedule finds it. */
async function sendBrokenFile(game: Game, { week }: CalendarWeek): Promise<void> {
  const { stage, model, teller } = game;
  const folder = path.join(stage.scratch, 'broken');
  await stage.inbox.put(await writeWeek(folder, week, { without: 'distance' }));
  teller.say('trouble', 'this week\'s file has come without the column "distance"');
  const record = await scheduledRun(stage, model);
  const { failure } = record;
  const happened = failure
    ? `The run stopped at ${failure.stage}, and what was live stayed live: ${failure.message}.`
    : `The run did not fail: ${record.summary}`;
  game.faults.push({ kind: 'missing-column', week: monday(week), runId: record.workflowId, record, happened });
  teller.say('refused', happened);
}

/** Somebody asks for a run on labels in random order: there is nothing to learn, and the gate should see it. */
async function askForShuffled(game: Game, { week }: CalendarWeek): Promise<void> {
  const { stage, model, teller } = game;
  teller.say('trouble', 'somebody asks for a run on shuffled labels, from which nothing can be learned');
  const answer = await stage.perennial.requestTraining(model, {
    by: 'perennial demo',
    reason: 'negative control: labels in random order',
    parameters: { shuffle_labels: true },
  });
  if (answer.outcome === 'refused') throw new SetupConflictError(`Cannot go on with the demo: ${answer.message}`);
  await stage.perennial.runResult(model, answer.run).catch(() => undefined);
  const record = await stage.perennial.run(model, answer.run);
  const happened = `${record.outcome}: ${record.result?.rules.find(({ outcome }) => outcome === 'fail')?.reason ?? record.summary}`;
  game.faults.push({ kind: 'shuffled-labels', week: monday(week), runId: runId(model, answer.run), record, happened });
  teller.say('refused', happened);
  if (happened.includes('AUC')) teller.say('', WHY_NOT_HALF);
}

const WHY_NOT_HALF =
  'An AUC of chance is not exactly 0.5: it is one shuffle, and flights of one airport and day hang together.';

/** The worker dies with -9 while it trains; another one is started, and the run goes on by itself. */
async function runThroughKill(game: Game, { week }: CalendarWeek): Promise<RunRecord> {
  const { stage, model, teller } = game;
  const record = await scheduledRun(stage, model, async (run) => {
    const pid = await stage.killWorker();
    teller.say('trouble', `the worker (process ${pid}) was killed with -9 while run ${run} was training`);
    await stage.startWorker();
    teller.say('worker', 'another worker was started; nothing else was done');
  });
  const happened = `The worker was killed with -9 in the middle of the training; the run ended by itself on the next one: ${record.outcome}.`;
  game.faults.push({ kind: 'worker-killed', week: monday(week), runId: record.workflowId, record, happened });
  return record;
}

/** Digest of the candidate of a run. */
function bundleOf({ evidence, run, summary, failure }: RunRecord): string {
  if (evidence.bundle !== undefined) return evidence.bundle;
  const fix = failure?.fix;
  throw new SetupConflictError(`Cannot go on with the demo: run ${run} made no model: ${summary}`, {
    ...(fix !== undefined && { fix }),
  });
}
