import type { Estimate, Evaluation, MetricName, Metrics } from '../../../src/domain/evaluation.js';
import { modelSpecSchema, withTaskDefaults, type GateSpec, type ModelSpecInput } from '../../../src/spec/spec.js';
import { SMALLEST } from '../spec/example.js';

/** A gate with its defaults: AUC above the baseline, Brier score better than the champion's, 200 rows in 30 blocks. */
export function gateOf(gate: NonNullable<ModelSpecInput['gate']> = {}): GateSpec {
  return withTaskDefaults(modelSpecSchema.parse({ ...SMALLEST, gate })).gate;
}

export function estimate(value: number, low: number, high: number): Estimate {
  return { value, low, high };
}

/** A good candidate against a good champion on a week of flights; every part can be replaced. */
export function evaluationOf(change: Partial<Evaluation> = {}): Evaluation {
  return {
    kind: 'evaluation',
    schemaVersion: 1,
    model: 'late-flights',
    split: 'a'.repeat(64),
    rows: 115_000,
    positives: 24_000,
    blocks: 1_560,
    resamples: 1000,
    confidence: 0.95,
    seed: 7,
    candidate: {
      bundle: 'b'.repeat(64),
      metrics: {
        auc: estimate(0.8512, 0.845, 0.857),
        brier: estimate(0.1071, 0.103, 0.111),
        logLoss: estimate(0.3411, 0.332, 0.35),
        accuracy: estimate(0.882, 0.878, 0.8855),
      },
    },
    champion: {
      bundle: 'c'.repeat(64),
      version: 3,
      metrics: {
        auc: estimate(0.8451, 0.839, 0.851),
        brier: estimate(0.1093, 0.105, 0.113),
        logLoss: estimate(0.3468, 0.338, 0.356),
        accuracy: estimate(0.879, 0.875, 0.8825),
      },
    },
    baseline: {
      positiveShare: 0.21,
      metrics: {
        auc: estimate(0.5, 0.5, 0.5),
        brier: estimate(0.166, 0.161, 0.171),
        logLoss: estimate(0.512, 0.5, 0.524),
        accuracy: estimate(0.79, 0.785, 0.795),
      },
    },
    difference: {
      auc: estimate(0.0061, 0.004, 0.0082),
      brier: estimate(-0.0022, -0.0034, -0.0011),
      logLoss: estimate(-0.0057, -0.008, -0.0034),
      accuracy: estimate(0.003, 0.001, 0.005),
    },
    skill: {
      auc: estimate(0.3512, 0.345, 0.357),
      brier: estimate(-0.0589, -0.064, -0.054),
      logLoss: estimate(-0.1709, -0.18, -0.162),
      accuracy: estimate(0.092, 0.087, 0.097),
    },
    ...change,
  };
}

/** The same evaluation before there was a champion. */
export function firstEvaluation(change: Partial<Evaluation> = {}): Evaluation {
  const { champion: _champion, difference: _difference, ...rest } = evaluationOf(change);
  return rest;
}

/** The same evaluation with a champion that the test rows could not be given to. */
export function unscoredEvaluation(): Evaluation {
  const reason = 'its input "visits" is not in the training table any more';
  return { ...firstEvaluation(), championUnscored: { version: 3, bundle: 'c'.repeat(64), reason } };
}

/** One metric of some metrics, replaced. */
export function withMetric(metrics: Metrics | undefined, name: MetricName, ...ends: [number, number, number]): Metrics {
  return { ...metrics, [name]: estimate(...ends) };
}
