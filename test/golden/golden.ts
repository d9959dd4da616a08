import { readFileSync } from 'node:fs';
import type { MetricName } from '../../src/domain/evaluation.js';

export interface MetricsGolden {
  readonly cases: readonly {
    readonly name: string;
    readonly labels: readonly number[];
    readonly scores: readonly number[];
    readonly blocks: readonly number[];
    readonly metrics: Readonly<Record<MetricName, number>>;
    readonly resamples: readonly {
      readonly counts: readonly number[];
      readonly metrics: Readonly<Record<MetricName, number>>;
    }[];
  }[];
}

export interface BootstrapGolden {
  readonly labels: readonly number[];
  readonly candidate: readonly number[];
  readonly champion: readonly number[];
  readonly candidateIntervals: Readonly<Record<MetricName, readonly [number, number]>>;
  readonly differenceIntervals: Readonly<Record<MetricName, readonly [number, number]>>;
}

export interface NormalGolden {
  readonly cdf: readonly (readonly [number, number])[];
  readonly quantile: readonly (readonly [number, number])[];
  readonly tailShare: readonly (readonly [number, number, number])[];
  readonly values: readonly number[];
  readonly quantilesOfValues: readonly (readonly [number, number])[];
}

/** Reads what SciPy and scikit-learn said. The scripts beside the files made them. */
export function golden(name: 'metrics.json'): MetricsGolden;
export function golden(name: 'bootstrap.json'): BootstrapGolden;
export function golden(name: 'normal.json'): NormalGolden;
export function golden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
}
