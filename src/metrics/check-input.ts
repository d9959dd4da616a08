import { DataEmptyError, ModelUnusableError } from '../errors.js';
import type { EvaluateModelsInput } from './evaluate-models.js';

/**
 * Checks that rows, labels, blocks and scores fit together.
 *
 * @returns the number of blocks
 * @throws {ModelUnusableError} for scores that are not probabilities
 * @throws {DataEmptyError} when there are no rows
 * @throws {RangeError} for what only a mistake of the caller can bring
 */
export function checkedBlockCount(input: EvaluateModelsInput): number {
  const { labels, blocks, models, baselinePositiveShare, resamples, confidence } = input;
  if (labels.length === 0) {
    throw new DataEmptyError('Cannot evaluate: found no test rows, want at least one', {
      fix: 'Make the test window longer (`split.test`), or check that `prepare` returns rows of that window.',
    });
  }
  if (labels.some((label) => label > 1)) throw new RangeError('Cannot evaluate: a label is neither 0 nor 1');
  if (blocks.length !== labels.length) {
    throw new RangeError(`Cannot evaluate: found ${blocks.length} blocks, want one for each of ${labels.length} rows`);
  }
  if (!(resamples >= 1)) throw new RangeError(`Cannot evaluate with ${resamples} resamples: want at least 1`);
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`Cannot evaluate with confidence ${confidence}: want a share between 0 and 1`);
  }
  if (!isProbability(baselinePositiveShare)) {
    throw new RangeError(`Cannot evaluate against the share ${baselinePositiveShare}: want a number from 0 to 1`);
  }
  checkScores('candidate', models.candidate, labels.length);
  if (models.champion !== undefined) checkScores('champion', models.champion, labels.length);
  return countBlocks(blocks);
}

function checkScores(model: string, scores: Float64Array, rows: number): void {
  const row = scores.findIndex((score) => !isProbability(score));
  if (scores.length === rows && row === -1) return;
  const found = row === -1 ? `${scores.length} scores for ${rows} rows` : `${scores[row]} for row ${row}`;
  throw new ModelUnusableError(`Cannot evaluate the ${model}: found ${found}, want a probability from 0 to 1 a row`, {
    fix: 'Check that the trainer exports a classifier whose `probabilities` output holds probabilities.',
    details: { model, rows: scores.length, ...(row === -1 ? {} : { row }) },
  });
}

function isProbability(value: number): boolean {
  return value >= 0 && value <= 1;
}

function countBlocks(blocks: Int32Array): number {
  const seen = new Uint8Array(blocks.length);
  let most = -1;
  for (const block of blocks) {
    if (block < 0 || block >= seen.length) {
      throw new RangeError(`Cannot evaluate: found block ${block}, want numbers from 0 without gaps`);
    }
    seen[block] = 1;
    if (block > most) most = block;
  }
  const missing = seen.subarray(0, most + 1).indexOf(0);
  if (missing !== -1) throw new RangeError(`Cannot evaluate: no row is in block ${missing}, want numbers without gaps`);
  return most + 1;
}
