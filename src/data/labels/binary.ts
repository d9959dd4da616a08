import { columnType } from '../column-type.js';
import { mismatch } from '../prepare-error.js';
import { quoteName } from '../sql-text.js';
import { LABEL_CODE, type LabelKind } from './label-kind.js';
import { eachSide } from './each-side.js';

/** True or false; the code is 1, 0, or 2 for neither. */
export const binary: LabelKind = {
  types: ['boolean', 'integer', 'number'],
  wants: 'boolean, or a number that is 1 or 0',
  wantsInEach: 'true or false',
  compared: 'exactly',
  storedAs: () => 'boolean',
  code(value, duckDbType) {
    if (columnType(duckDbType) === 'boolean') return `CAST(${value} AS UTINYINT)`;
    return `CAST(CASE WHEN ${value} IS NULL THEN NULL WHEN ${value} = 1 THEN 1 WHEN ${value} = 0 THEN 0 ELSE 2 END AS UTINYINT)`;
  },
  stored: (code) => `${code} = 1`,
  unusable: { where: `${LABEL_CODE} = 2`, words: 'is neither 1 nor 0' },
  async facts(db, label, files) {
    const sides = await eachSide(async (side) => {
      const [[rows, positives] = []] = await db.rows(
        `SELECT count(*)::DOUBLE, count_if(${quoteName(label)})::DOUBLE FROM ${files[side]}`,
      );
      return { positiveShare: Number(positives) / Number(rows), rows: Number(rows) };
    });
    const { positiveShare, rows } = sides.train;
    if (positiveShare === 0 || positiveShare === 1) {
      throw mismatch(
        `the label "${label}" is ${positiveShare === 1} in all ${rows} training rows, want both classes`,
        label,
      );
    }
    const share = (side: typeof sides.train) => ({ positiveShare: side.positiveShare });
    return { sides: { train: share(sides.train), validation: share(sides.validation), test: share(sides.test) } };
  },
};
