import { DataEmptyError, ModelUnusableError } from '../errors.js';
import type { EvaluateModelsInput } from './evaluate-models.js';
import { taskMeasures } from './index.js';
import type { TaskMeasures } from './task-measures.js';

/**
 * Checks that rows, labels, blocks and scores fit together.
 *
 * @returns the number of blocks
 * @throws {ModelUnusableError} for scores that are none, such as probabilities above 1
 * @throws {DataEmptyError} when there are no rows
 * @throws {RangeError} for what only a mistake of the caller can bring
 */
export function checkedBlockCount(input: EvaluateModelsInput): number {
  const { labels, blocks, models, baseline, resamples, confidence } = input;
  const measures = taskMeasures[input.kind];
  if (labels.length === 0) {
    throw new DataEmptyError('Cannot evaluate: found no test rows, want at least one', {
      fix: 'Make the test window longer (`split.test`), or check that `prepare` returns rows of that window.',
    });
  }
  for (const label of labels) {
    if (measures.isLabel(label, baseline.length)) continue;
    throw new RangeError(`Cannot evaluate: found the label ${label}, which a ${input.kind} task has not`);
  }
  if (blocks.length !== labels.length) {
    throw new RangeError(`Cannot evaluate: found ${blocks.length} blocks, want one for each of ${labels.length} rows`);
  }
  if (!(resamples >= 1)) throw new RangeError(`Cannot evaluate with ${resamples} resamples: want at least 1`);
  if (!(confidence > 0 && confidence < 1)) {
    throw new RangeError(`Cannot evaluate with confidence ${confidence}: want a share between 0 and 1`);
  }
  if (!measures.isBaseline(baseline)) {
    throw new RangeError(`Cannot evaluate against the baseline ${baseline.join(', ')} of a ${input.kind} task`);
  }
  checkScores(measures, 'candidate', models.candidate, labels.length);
  if (models.champion !== undefined) checkScores(measures, 'champion', models.champion, labels.length);
  return countBlocks(blocks);
}

function checkScores({ score, width }: TaskMeasures, model: string, scores: Float64Array, rows: number): void {
  const bad = scores.findIndex((value) => !score.is(value));
  if (scores.length === rows * width && bad === -1) return;
  const row = bad === -1 ? undefined : Math.floor(bad / width);
  const found =
    row === undefined ? `${scores.length / width} scores for ${rows} rows` : `${scores[bad]} for row ${row}`;
  throw new ModelUnusableError(`Cannot evaluate the ${model}: found ${found}, want ${score.wanted}`, {
    fix: score.fix,
    details: { model, rows: scores.length / width, ...(row === undefined ? {} : { row }) },
  });
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
