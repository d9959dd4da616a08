import type { Evaluation, Metrics } from '../src/domain/evaluation.js';
import type { ModelVersion } from '../src/domain/ledger.js';

/**
 * The evaluation of a candidate whose bytes are those of the champion, made of any evaluation of it on the same rows: what
 * is resampled does not depend on what stands beside, and a model does not differ from itself.
 */
export function againstItself(
  evaluation: Evaluation,
  { version, bundle }: Pick<ModelVersion, 'version' | 'bundle'>,
): Evaluation {
  const { champion: _, championUnscored: __, difference: ___, ...alone } = evaluation;
  const { metrics } = evaluation.candidate;
  return { ...alone, champion: { version, bundle, metrics }, difference: zeros(metrics) };
}

function zeros(metrics: Metrics): Metrics {
  return Object.fromEntries(Object.keys(metrics).map((name) => [name, { value: 0, low: 0, high: 0 }]));
}
