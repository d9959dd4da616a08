import type { Evaluation } from '../domain/evaluation.js';

/**
 * Why there is nothing to compare with though there is a champion, and what a person can do about it; undefined when the
 * champion was scored, and when there is none.
 */
export function unscoredChampion({ championUnscored }: Evaluation): string | undefined {
  if (championUnscored === undefined) return undefined;
  const { version, reason, otherTask } = championUnscored;
  const found = `version ${version} could not be scored on these test rows, because ${reason}. `;
  if (otherTask) return `${found}Apply the spec under another name, which starts without a champion.`;
  return (
    found +
    'Keep that column in the training table as it was (it need not be a feature) until a version that does without it ' +
    'is live, or apply the spec under another name, which starts without a champion.'
  );
}
