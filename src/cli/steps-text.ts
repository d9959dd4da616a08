import type { AttemptRecord, FarAttempt } from '../domain/attempt.js';
import { moneyText, totalUsage } from '../domain/cost.js';
import { STAGES, type RunRecord, type TrainingRecord } from '../domain/run.js';
import type { CommandContext } from './command.js';
import { table } from './table.js';

type Screen = Pick<CommandContext, 'isTty' | 'width' | 'colours'>;

/** What the steps of a run took, in their order, and of one that was tried several times each attempt. */
export function stepsText(screen: Screen, { steps, cost, startedAt }: RunRecord): string[] {
  if (!steps) return [];
  const known: readonly string[] = STAGES;
  const names = Object.keys(steps).toSorted((one, other) => rank(known, one) - rank(known, other));
  const summary = table(screen, {
    head: ['STEP', 'ATTEMPTS', 'WALL', 'CPU', 'MEMORY', 'READ', 'WRITTEN', ...(cost ? [cost.currency] : [])],
    rows: names.map((name) => {
      const { attempts, earlier } = steps[name] ?? { attempts: [] };
      const used = totalUsage({ attempts, ...(earlier && { earlier }) });
      return [
        name,
        String(attempts.length + (earlier?.count ?? 0)),
        secondsText(used.wallMs / 1000),
        secondsText(used.cpuSeconds),
        bytesText(used.peakMemoryBytes),
        bytesText(used.bytesRead),
        bytesText(used.bytesWritten),
        ...(cost ? [moneyText(cost.byStep[name] ?? 0)] : []),
      ];
    }),
  });
  // Chunks of a search are no tries: they are of interest when one of them was tried again.
  const tried = names.filter((name) => isTriedAgain(steps[name]?.attempts ?? []));
  return ['', summary, ...tried.flatMap((name) => attemptsText(screen, name, steps[name]?.attempts ?? [], startedAt))];
}

/** Where others have trained is of interest too. */
function isTriedAgain(attempts: readonly AttemptRecord[]): boolean {
  if (attempts.some(({ elsewhere = [] }) => elsewhere.length > 0)) return true;
  return attempts.length > 1 && attempts.some(({ attempt, end }) => attempt > 1 || end !== 'done');
}

/** What trained the candidate, in a few words. */
export function trainingText(training: TrainingRecord): string[] {
  const { seed, threads, versions, machine, image } = training;
  const said = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const threadsText = threads === undefined ? [] : [`${threads} ${threads === 1 ? 'thread' : 'threads'}`];
  const where = machine && [
    `${machine.platform} ${machine.arch}, ${machine.cpuModel} (features ${machine.cpuFeatures.slice(0, 12)})`,
    `system ${machine.osRelease}`,
    `Node ${machine.node}`,
    ...(image === undefined ? [] : [`image ${image}`]),
  ];
  return [
    `  training   ${[`seed ${seed}`, ...threadsText, ...said].join(', ')}`,
    ...warmStartText(training),
    ...(where ? [`  machine    ${where.join(', ')}`] : []),
  ];
}

function warmStartText({ trees, warmedBy, beganAnew }: TrainingRecord): string[] {
  if (warmedBy !== undefined) return [`  warm start ${trees} trees, from those of bundle ${warmedBy.slice(0, 12)} on`];
  return beganAnew === undefined ? [] : [`  warm start none: ${beganAnew}`];
}

function attemptsText(
  screen: Screen,
  step: string,
  attempts: readonly AttemptRecord[],
  startedAt: string,
): readonly string[] {
  const begun = Date.parse(startedAt);
  const row = (name: string, { worker, startedAt, usage, from, steps, end = 'went on', reason }: Shown) => [
    name,
    worker,
    startedAt === undefined ? '-' : `+${secondsText(Math.max(0, Date.parse(startedAt) - begun) / 1000)}`,
    secondsText(usage?.wallMs === undefined ? undefined : usage.wallMs / 1000),
    from ? `step ${from.step}` : 'the beginning',
    steps ? `${steps.done} steps${steps.repeated > 0 ? `, ${steps.repeated} again` : ''}` : '-',
    reason === undefined ? end : `${end}: ${reason}`,
  ];
  const rows = attempts.flatMap((each) => [
    row(String(each.attempt), each),
    ...(each.elsewhere ?? []).map((far) => row(`${each.attempt}, there ${far.attempt}`, far)),
  ]);
  const head = ['ATTEMPT', 'WORKER', 'AT', 'WALL', 'FROM', 'DONE', 'END'];
  return ['', `  ${step}, attempt by attempt`, table(screen, { head, rows, mayCut: ['END'] })];
}

/** An attempt of ours, or one of those that it has followed on other machines. */
type Shown = Pick<FarAttempt, 'worker' | 'startedAt' | 'from' | 'steps' | 'reason' | 'usage'> & {
  readonly end?: string;
};

function rank(known: readonly string[], step: string): number {
  // Promotion and the servers' answer are the steps of the rollout.
  const at = known.indexOf(step === 'promote' || step === 'deploy' ? 'rollout' : step);
  return at === -1 ? known.length : at + (step === 'deploy' ? 0.5 : 0);
}

function secondsText(seconds: number | undefined): string {
  if (seconds === undefined) return '-';
  if (seconds < 100) return `${seconds.toFixed(seconds < 1 ? 3 : 1)} s`;
  return seconds < 6000 ? `${(seconds / 60).toFixed(1)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return '-';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
