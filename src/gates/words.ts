import type { Estimate, MetricName } from '../domain/evaluation.js';
import { metricFacts } from '../domain/metric-facts.js';

const LEAST_DIGITS = 4;
const MOST_DIGITS = 8;

/** Writes numbers of one sentence about one metric, all with the same digits. */
export interface Words {
  /** The metric's name; `Start` for the beginning of a sentence. */
  readonly name: string;
  readonly nameStart: string;
  /** A value of the metric: `0.1071`, `88.20 %`. */
  value(value: number): string;
  /** A size of a difference, without a sign: `0.0022`, `0.30 percentage points`. */
  size(difference: number): string;
  /** A bound on the metric, and on a difference, that somebody wrote down: of an amount all its digits. */
  bound(value: number): string;
  allowed(difference: number): string;
  /** An advantage: `better by 0.0022`, `worse by 0.0022`, `no different`. */
  change(advantage: number): string;
  /** `95 % interval 0.0011 to 0.0034`, or with `worse` and `better` at the ends when it is not all on one side. */
  changeInterval(advantage: Estimate, confidence: number): string;
  /** `95 % interval 0.8450 to 0.8570`. */
  interval(estimate: Estimate, confidence: number): string;
}

/**
 * @param change the difference that the sentence is about; decimals are as many as it needs, 4 to 8, and none too many of
 *   amounts
 * @param own the metric's own value, when the sentence is about no difference
 */
export function wordsFor(metric: MetricName, change?: Estimate, own?: Estimate): Words {
  const { label, unit } = metricFacts[metric];
  const scale = unit === 'share' ? 100 : 1;
  const digits =
    unit === 'amount' ? digitsFor(change ?? own, 0) : digitsFor(change, LEAST_DIGITS) - (unit === 'share' ? 2 : 0);
  const plain = (value: number): string => (value * scale).toFixed(digits).replace(/^-(?=0\.?0*$)/, '');
  const value = (number: number): string => `${plain(number)}${unit === 'share' ? ' %' : ''}`;
  const size = (number: number): string => `${plain(Math.abs(number))}${unit === 'share' ? ' percentage points' : ''}`;
  const side = (number: number): string => `${size(number)}${number === 0 ? '' : number > 0 ? ' better' : ' worse'}`;
  return {
    name: label,
    nameStart: `${label.slice(0, 1).toUpperCase()}${label.slice(1)}`,
    value,
    size,
    bound: (number) => (unit === 'amount' ? String(number) : value(number)),
    allowed: (number) => (unit === 'amount' ? String(number) : size(number)),
    change: (number) => (number === 0 ? 'no different' : `${number > 0 ? 'better' : 'worse'} by ${size(number)}`),
    changeInterval({ low, high }, confidence) {
      if (low > 0) return `${percent(confidence)} interval ${plain(low)} to ${size(high)}`;
      if (high < 0) return `${percent(confidence)} interval ${plain(-high)} to ${size(low)}`;
      return `${percent(confidence)} interval ${side(low)} to ${side(high)}`;
    },
    interval: ({ low, high }, confidence) => `${percent(confidence)} interval ${plain(low)} to ${value(high)}`,
  };
}

/** `115,000` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`;
}

/** Two digits of the interval's far end, and one of its near end where that says which side of zero all of it is on. */
function digitsFor(change: Estimate | undefined, least: number): number {
  if (change === undefined) return LEAST_DIGITS;
  const ends = [Math.abs(change.low), Math.abs(change.high)];
  const far = decimalsOf(Math.max(...ends)) + 1;
  const near = change.low > 0 || change.high < 0 ? decimalsOf(Math.min(...ends)) : 0;
  return Math.min(MOST_DIGITS, Math.max(least, far, near));
}

/** Place of the first digit that is not zero, behind the point. */
function decimalsOf(size: number): number {
  return size === 0 ? 0 : -Math.floor(Math.log10(size));
}
