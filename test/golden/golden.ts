import { readFileSync } from 'node:fs';
import type { MetricName } from '../../src/domain/evaluation.js';

type BinaryMetric = 'auc' | 'brier' | 'logLoss' | 'accuracy';

export interface MetricsGolden {
  readonly cases: readonly (Case<BinaryMetric> & { readonly scores: readonly number[] })[];
}

interface Case<Name extends MetricName> {
  readonly name: string;
  /** Of multiclass, -1 for a class that nobody knows. */
  readonly labels: readonly number[];
  readonly blocks: readonly number[];
  readonly metrics: Readonly<Record<Name, number>>;
  readonly resamples: readonly {
    readonly counts: readonly number[];
    readonly metrics: Readonly<Record<Name, number>>;
  }[];
}

export interface MulticlassGolden {
  readonly cases: readonly (Case<'logLoss' | 'brier' | 'accuracy'> & {
    /** The label of each column of `shares`. */
    readonly classes: readonly number[];
    readonly shares: readonly (readonly number[])[];
  })[];
}

export interface RegressionGolden {
  readonly cases: readonly (Case<'rmse' | 'mae' | 'r2'> & { readonly scores: readonly number[] })[];
}

export interface BootstrapGolden {
  readonly labels: readonly number[];
  readonly candidate: readonly number[];
  readonly champion: readonly number[];
  readonly candidateIntervals: Readonly<Record<BinaryMetric, readonly [number, number]>>;
  readonly differenceIntervals: Readonly<Record<BinaryMetric, readonly [number, number]>>;
}

export interface NormalGolden {
  readonly cdf: readonly (readonly [number, number])[];
  readonly quantile: readonly (readonly [number, number])[];
  readonly tailShare: readonly (readonly [number, number, number])[];
  readonly values: readonly number[];
  readonly quantilesOfValues: readonly (readonly [number, number])[];
}

export interface DriftGolden {
  /** Shape, x, share above. */
  readonly gamma: readonly (readonly [number, number, number])[];
  /** Of each detector effect and p-value. */
  readonly counts: readonly ({
    readonly name: string;
    readonly reference: readonly number[];
    readonly current: readonly number[];
  } & Readonly<Record<'psi' | 'js' | 'ks' | 'chi2', readonly [number, number]>>)[];
  readonly missing: readonly {
    readonly missing: readonly [number, number];
    readonly rows: readonly [number, number];
    readonly effect: number;
    readonly pValue: number;
  }[];
  readonly falseDiscovery: readonly { readonly pValues: readonly number[]; readonly adjusted: readonly number[] }[];
  readonly samples: readonly {
    readonly name: string;
    readonly edges: readonly number[];
    readonly reference: SampleGolden;
    readonly current: SampleGolden;
    /** In deviations of the reference. */
    readonly wasserstein: number;
    readonly ks: number;
    /** Of the reference: share, value. */
    readonly quantiles: readonly (readonly [number, number])[];
  }[];
}

export interface SampleGolden {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly deviation: number;
  readonly counts: readonly number[];
}

/** Reads what SciPy, scikit-learn and statsmodels said. The scripts beside the files made them. */
export function golden(name: 'metrics.json'): MetricsGolden;
export function golden(name: 'multiclass.json'): MulticlassGolden;
export function golden(name: 'regression.json'): RegressionGolden;
export function golden(name: 'bootstrap.json'): BootstrapGolden;
export function golden(name: 'normal.json'): NormalGolden;
export function golden(name: 'drift.json'): DriftGolden;
export function golden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
}
