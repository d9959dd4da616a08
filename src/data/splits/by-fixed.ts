import { DataEmptyError } from '../../errors.js';
import type { SplitSpec } from '../../spec/spec.js';
import { mismatch } from '../prepare-error.js';
import { sameColumns } from '../prepared-table.js';
import { readParquet, quoteName } from '../sql-text.js';
import type { SourceTable } from '../source-tables.js';
import { newestRange } from '../windows.js';
import { POSITION, positionOf } from './position.js';
import { isInside, type CutContext, type Sides } from './sides.js';

/**
 * The test rows come from a source of their own, in the columns of the training table, as they are there: no SQL prepares
 * them. Rows of the training table with the key of a test row are taken out; the others are cut by hash of the key.
 *
 * @param table the source of the test rows
 * @throws {PrepareFailedError} for a test set without a column that the training table has
 */
export async function byFixed(
  spec: Extract<SplitSpec, { by: 'fixed' }>,
  { db, columns, task, newest }: CutContext,
  table: SourceTable | undefined,
): Promise<Sides> {
  const files = table?.parts.map(({ file }) => file) ?? [];
  if (files.length === 0) {
    throw new DataEmptyError(`Cannot split with a fixed test set: source "${spec.source}" holds no files`, {
      fix: 'Put the test rows where that source looks, or correct `split.source` in the spec.',
      details: { source: spec.source },
    });
  }
  const select = await sameColumns(db, readParquet(files), columns, task);
  await db.run(`CREATE TEMP TABLE ${TEST_ROWS} AS ${select}`);
  const time = quoteName(task.eventTime);
  const [[timeless] = []] = await db.rows(
    `SELECT count_if(${time} IS NULL OR NOT isfinite(${time}))::DOUBLE FROM ${TEST_ROWS}`,
  );
  if (Number(timeless) > 0) {
    throw mismatch(
      `the event time "${task.eventTime}" is empty in ${Number(timeless)} rows of the test set`,
      task.eventTime,
    );
  }
  const sameKey = spec.key.map(
    (name) => `${TEST_ROWS}.${quoteName(name)} IS NOT DISTINCT FROM training.${quoteName(name)}`,
  );
  const isOther = `NOT EXISTS (SELECT 1 FROM ${TEST_ROWS} WHERE ${sameKey.join(' AND ')})`;
  const taken = `${isInside(task.eventTime, newestRange(spec.last, newest))} AND ${isOther}`;
  const validation = positionOf(spec.validation);
  return {
    train: { relation: 'training', where: `${taken} AND ${POSITION} >= ${validation}` },
    validation: { relation: 'training', where: `${taken} AND ${POSITION} < ${validation}` },
    test: { relation: TEST_ROWS, where: 'true' },
  };
}

const TEST_ROWS = 'fixed_test_rows';
