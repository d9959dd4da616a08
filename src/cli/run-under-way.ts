import { runId } from '../domain/run.js';
import { describedWaitsFor, type Waiting } from '../resources/waits-for.js';
import type { Connected } from './connect.js';
import { reachTemporal } from './connect.js';
import { stageOf } from './stage-of.js';
import { statusOf } from './status-of.js';
import { stepLines, stepUnderWay, type StepUnderWay } from './step-under-way.js';

/** A run that has no record yet. */
export interface RunUnderWay {
  readonly run: number;
  readonly state: 'running' | 'queued';
  /** Absent before the first stage, and for a run that waits. */
  readonly stage?: string;
  /** ISO 8601; absent for a run that waits. */
  readonly startedAt?: string;
  /** A class of workers that has none, or no room. */
  readonly waiting?: Waiting;
  /** Absent between two steps, during a search, and for a run that waits. */
  readonly step?: StepUnderWay;
}

/**
 * The run as Temporal and the loop know it, for one without a record. Undefined when neither knows it, or cannot be asked:
 * what the store said stands then.
 */
export async function runUnderWay(connected: Connected, model: string, run: number): Promise<RunUnderWay | undefined> {
  try {
    await reachTemporal(connected.where);
    return (await described(connected, model, run)) ?? (await known(connected, model, run));
  } catch {
    return undefined;
  }
}

/** As people read it. */
export function underWayText(model: string, { run, state, stage, startedAt, waiting, step }: RunUnderWay): string {
  const next = `Next: perennial status ${model}, and at its end: perennial show ${model} ${run}`;
  if (state === 'queued') return `Run ${run} is queued: it starts when the one before it has ended\n\n${next}`;
  const seconds =
    startedAt === undefined ? undefined : Math.max(0, Math.round((Date.now() - Date.parse(startedAt)) / 1000));
  const facts = [
    ...(stage === undefined ? [] : [`stage ${stage}`]),
    ...(seconds === undefined ? [] : [`for ${seconds} s`]),
  ];
  const more = [...(waiting ? [`It ${waiting.text}`] : []), ...(step ? stepLines(runId(model, run), step) : [])];
  const search = stage === 'search' ? [`Its trials: perennial search show ${model} ${run}`] : [];
  return [
    `Run ${run} is under way${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`,
    ...more,
    ...search,
    '',
    next,
  ].join('\n');
}

async function described({ temporal }: Connected, model: string, run: number): Promise<RunUnderWay | undefined> {
  const description = await temporal
    .withDeadline(Date.now() + PATIENCE_MS, () => temporal.workflow.getHandle(runId(model, run)).describe())
    .catch(() => undefined);
  if (description?.status.name !== 'RUNNING') return undefined;
  const stage = stageOf(description);
  const startedAt = description.startTime.toISOString();
  const step = stepUnderWay(description);
  const waiting = await describedWaitsFor(temporal, description.raw).catch(() => undefined);
  return {
    run,
    state: 'running',
    startedAt,
    ...(stage === undefined ? {} : { stage }),
    ...(waiting && { waiting }),
    ...(step && { step }),
  };
}

/** By the loop, which alone knows of a run that waits. */
async function known(connected: Connected, model: string, run: number): Promise<RunUnderWay | undefined> {
  const { loop } = await statusOf(connected, model);
  if (loop?.current?.run === run) return (await described(connected, model, run)) ?? { run, state: 'running' };
  return loop?.queued?.run === run ? { run, state: 'queued' } : undefined;
}

const PATIENCE_MS = 5000;
