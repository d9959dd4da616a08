import type { AttemptRecord, Usage } from './attempt.js';

/** What computing costs: `cost` of the spec. */
export interface Rates {
  readonly currency: string;
  readonly cpuHour: number;
  readonly memoryGibHour: number;
  readonly gpuHour: number;
  readonly gib: number;
}

/** What a run cost, in the run record. */
export interface Cost {
  readonly currency: string;
  readonly total: number;
  readonly byStep: Readonly<Record<string, number>>;
}

const HOUR_MS = 3_600_000;
const GIB = 2 ** 30;

/** Money for what was used. What nobody measured costs nothing. */
export function costOf(usage: Usage, rates: Rates): number {
  const { wallMs, cpuSeconds = 0, peakMemoryBytes = 0, bytesRead = 0, bytesWritten = 0, gpus = 0 } = usage;
  const hours = wallMs / HOUR_MS;
  return (
    (cpuSeconds / 3600) * rates.cpuHour +
    (peakMemoryBytes / GIB) * hours * rates.memoryGibHour +
    gpus * hours * rates.gpuHour +
    ((bytesRead + bytesWritten) / GIB) * rates.gib
  );
}

/** The price of a run by its steps; undefined when the rates are all 0. */
export function runCost(steps: Readonly<Record<string, UsedStep>>, rates: Rates): Cost | undefined {
  const { currency, cpuHour, memoryGibHour, gpuHour, gib } = rates;
  if (cpuHour + memoryGibHour + gpuHour + gib === 0) return undefined;
  const byStep = Object.fromEntries(
    Object.entries(steps).map(([step, { attempts, earlier }]) => [
      step,
      rounded(
        attempts.reduce((sum, { usage }) => sum + costOf(usage, rates), earlier ? costOf(earlier.usage, rates) : 0),
      ),
    ]),
  );
  return { currency, total: rounded(Object.values(byStep).reduce((sum, money) => sum + money, 0)), byStep };
}

/** Money to a hundredth, of less than that as much as shows something. */
export function moneyText(money: number): string {
  return money === 0 || money >= 0.1 ? money.toFixed(2) : money.toPrecision(2);
}

/** A step by what its attempts used; `earlier` are those that are not listed. */
interface UsedStep {
  readonly attempts: readonly AttemptRecord[];
  readonly earlier?: { readonly usage: Usage };
}

/** All attempts of a step as one: sums, and the greatest of memory and GPUs. */
export function totalUsage({ attempts, earlier }: UsedStep): Usage {
  return sumUsage([...(earlier ? [earlier] : []), ...attempts]);
}

/** What was used in all: sums, and the greatest of memory and GPUs. */
export function sumUsage(all: readonly { readonly usage: Usage }[]): Usage {
  return all.reduce((sum: Usage, { usage }) => added(sum, usage), { wallMs: 0 });
}

function added(one: Usage, other: Usage): Usage {
  const sum = (name: 'cpuSeconds' | 'bytesRead' | 'bytesWritten') => total(one[name], other[name], (a, b) => a + b);
  const most = (name: 'peakMemoryBytes' | 'gpus') => total(one[name], other[name], Math.max);
  const all = {
    cpuSeconds: sum('cpuSeconds'),
    peakMemoryBytes: most('peakMemoryBytes'),
    bytesRead: sum('bytesRead'),
    bytesWritten: sum('bytesWritten'),
    gpus: most('gpus'),
  };
  const known = Object.entries(all).filter(([, value]) => value !== undefined);
  return { wallMs: one.wallMs + other.wallMs, ...Object.fromEntries(known) };
}

function total(
  one: number | undefined,
  other: number | undefined,
  join: (a: number, b: number) => number,
): number | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : join(one, other);
}

/** To a millionth: sums of fractions must not show their rounding. */
function rounded(money: number): number {
  return Math.round(money * 1e6) / 1e6;
}
