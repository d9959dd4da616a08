import type { SplitSpec } from '../../spec/spec.js';
import { LABEL_CODE } from '../labels/label-kind.js';
import { MOST_CLASSES, tooManyClasses } from '../labels/multiclass.js';
import { quoteText } from '../sql-text.js';
import { newestRange } from '../windows.js';
import { POSITION } from './position.js';
import { isInside, sidesOf, type CutContext, type Sides } from './sides.js';

/**
 * As by hash, with the borders between the sides drawn in each class for itself, so that each side has its share of every
 * class to the row (rows with one key stay together).
 *
 * How stable it is: a border is a quantile of the positions of a class, so it moves a little when rows come or go, and rows
 * beside it change sides: of 10,000 rows of a class, about 40 when as many are added. Where no row may ever change sides,
 * split by hash.
 */
export async function byStratified(
  spec: Extract<SplitSpec, { by: 'stratified' }>,
  { db, task, newest }: CutContext,
): Promise<Sides> {
  const taken = isInside(task.eventTime, newestRange(spec.last, newest));
  const border = (share: number) => `(min(${POSITION}) FILTER (before >= round(rows * ${share}::DOUBLE)))::VARCHAR`;
  const borders = await db.rows(
    `SELECT ${LABEL_CODE}, ${border(spec.test)}, ${border(spec.test + spec.validation)} FROM (
       SELECT ${LABEL_CODE}, ${POSITION}, count(*) OVER (PARTITION BY ${LABEL_CODE}) AS rows,
         rank() OVER (PARTITION BY ${LABEL_CODE} ORDER BY ${POSITION}) - 1 AS before
       FROM training WHERE ${taken}
     ) GROUP BY ALL ORDER BY ALL`,
  );
  if (borders.length > MOST_CLASSES + 1) throw tooManyClasses(task.label);
  // No border: the side takes all that is left of the class.
  const position = (value: unknown) => `${typeof value === 'string' ? value : '18446744073709551616'}::HUGEINT`;
  const byClass = (index: 1 | 2) => {
    const cases = borders.map(
      (row) => `WHEN ${LABEL_CODE} IS NOT DISTINCT FROM ${literal(row[0])} THEN ${position(row[index])}`,
    );
    return cases.length === 0 ? position(undefined) : `CASE ${cases.join(' ')} END`;
  };
  const [test, validation] = [byClass(1), byClass(2)];
  return sidesOf({
    train: `${taken} AND ${POSITION} >= ${validation}`,
    validation: `${taken} AND ${POSITION} >= ${test} AND ${POSITION} < ${validation}`,
    test: `${taken} AND ${POSITION} < ${test}`,
  });
}

function literal(code: unknown): string {
  return typeof code === 'string' ? quoteText(code) : String(code);
}
