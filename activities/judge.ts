import type { Ref } from '../src/domain/artifact.js';
import type { Evaluation } from '../src/domain/evaluation.js';
import type { Verdict } from '../src/domain/verdict.js';
import { judge as judgeEvaluation } from '../src/gates/index.js';
import type { StoredSpec } from '../src/spec/spec.js';
import { readManifest } from '../src/stores/blobs.js';
import type { ActivityDeps } from './deps.js';

/**
 * Judges a candidate by the spec's gate. An activity, not workflow code: rules may change next month, and the history
 * keeps the verdict that was given.
 */
export async function judge(
  { store, remembered }: ActivityDeps,
  { spec, evaluation }: { readonly model: string; readonly spec: Ref; readonly evaluation: Ref },
): Promise<Verdict> {
  const [stored, measured] = await Promise.all([
    readManifest<StoredSpec>(remembered, spec),
    readManifest<Evaluation>(store, evaluation),
  ]);
  return judgeEvaluation(measured, stored.spec.gate);
}
