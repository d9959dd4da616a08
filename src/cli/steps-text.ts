import type { AttemptRecord } from '../domain/attempt.js';
import { totalUsage } from '../domain/cost.js';
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

function isTriedAgain(attempts: readonly AttemptRecord[]): boolean {
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

/** Money to a hundredth, of less than that as much as shows something. */
export function moneyText(money: number): string {
  return money === 0 || money >= 0.1 ? money.toFixed(2) : money.toPrecision(2);
}

function attemptsText(
  screen: Screen,
  step: string,
  attempts: readonly AttemptRecord[],
  startedAt: string,
): readonly string[] {
  const begun = Date.parse(startedAt);
  const rows = attempts.map((each) => [
    String(each.attempt),
    each.worker,
    `+${secondsText(Math.max(0, Date.parse(each.startedAt) - begun) / 1000)}`,
    secondsText(each.usage.wallMs / 1000),
    each.from ? `step ${each.from.step}` : 'the beginning',
    each.steps ? `${each.steps.done} steps${each.steps.repeated > 0 ? `, ${each.steps.repeated} again` : ''}` : '-',
    each.reason === undefined ? each.end : `${each.end}: ${each.reason}`,
  ]);
  const head = ['ATTEMPT', 'WORKER', 'AT', 'WALL', 'FROM', 'DONE', 'END'];
  return ['', `  ${step}, attempt by attempt`, table(screen, { head, rows, mayCut: ['END'] })];
}

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
