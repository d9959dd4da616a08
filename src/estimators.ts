// Printed by the Python package, never written by hand: see CONTRIBUTING.md.
import table from './estimators.json' with { type: 'json' };

/** One hyperparameter of a built-in estimator, as `perennial_trainer` declares it. */
export interface EstimatorParameter {
  readonly type: 'bool' | 'int' | 'float';
  /** Null ("no limit") may then be given too. */
  readonly default: boolean | number | null;
  /** The least value. Default: no bound. */
  readonly minimum?: number;
  /** The greatest value. Default: no bound. */
  readonly maximum?: number;
  /** What it does, for people. */
  readonly help: string;
}

export type EstimatorParameters = Readonly<Record<string, EstimatorParameter>>;

// Of JSON the compiler takes `type` for any text. A test holds the table to what Python says.
const common = table.common as EstimatorParameters;
const estimators = table.estimators as Readonly<Record<string, EstimatorParameters>>;

/** What `perennial_trainer` brings along; other kinds of trainer know names of their own. */
export const BUILT_IN_ESTIMATORS: readonly string[] = Object.keys(estimators);

/** All hyperparameters of a built-in estimator, also those of every one; undefined for another name. */
export function estimatorParameters(estimator: string): EstimatorParameters | undefined {
  if (!Object.hasOwn(estimators, estimator)) return undefined;
  return { ...estimators[estimator], ...common };
}
