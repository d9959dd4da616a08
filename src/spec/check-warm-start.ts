import { trainerKind } from '../domain/trainer-kind.js';
import type { SpecParts } from './parts.js';
import { quoted, type SpecIssue } from './path.js';

/** Trees of others would be continued wrongly: they are fitted on bins of the rows before. */
const LASTING = ['lightgbm', 'xgboost'];
const DEFAULT_TREES = 100;

/** The warm start: an estimator that can, room for more trees, and rows that judge no model that was fitted on them. */
export function checkWarmStart({ trainer, search, split }: SpecParts): SpecIssue[] {
  if (!trainer || trainer.warmStart !== 'champion') return [];
  const at = ['trainer', 'warmStart'];
  const issue = (message: string) => [{ path: at, message: `found champion ${message}` }];
  const { estimator, maxTrees } = trainer;
  const kind = trainerKind(trainer);
  if (trainer.command || trainer.entry || (kind !== 'python' && kind !== 'process')) {
    return issue('with a trainer that is not built in, want a built-in estimator (kind python or process)');
  }
  if (estimator === undefined) return [];
  if (!LASTING.includes(estimator)) {
    return issue(
      `with the estimator ${quoted(estimator)}, want one that can go on on other rows: ${LASTING.join(', ')}`,
    );
  }
  const trees = trainer.parameters?.['n_estimators'] ?? DEFAULT_TREES;
  const isTooFew = typeof trees === 'number' && maxTrees !== undefined && maxTrees < 2 * trees;
  return [
    ...(search ? issue('beside a search, whose trials all begin anew, want one of the two') : []),
    ...(split?.by === 'stratified'
      ? issue('with a stratified split, in which rows change sides: a model would be judged by rows that it knows')
      : []),
    ...(isTooFew
      ? [
          {
            path: ['trainer', 'maxTrees'],
            message: `found ${maxTrees}, want at least twice the ${trees} trees that each training adds`,
          },
        ]
      : []),
  ];
}
