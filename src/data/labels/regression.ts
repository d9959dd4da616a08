import { mismatch } from '../prepare-error.js';
import { quoteName } from '../sql-text.js';
import { eachSide } from './each-side.js';
import { LABEL_CODE, type LabelKind } from './label-kind.js';

/** A finite number; the code is the label itself. */
export const regression: LabelKind = {
  types: ['integer', 'number'],
  wants: 'a number',
  wantsInEach: 'a number',
  compared: 'fraction',
  storedAs: () => 'number',
  code: (value) => `CAST(${value} AS DOUBLE)`,
  stored: (code) => code,
  unusable: { where: `NOT isfinite(${LABEL_CODE})`, words: 'is no finite number' },
  async facts(db, label, files) {
    const column = quoteName(label);
    const sides = await eachSide(async (side) => {
      // In the order of the rows: the same rows always give the same bits.
      const [[mean, least, most] = []] = await db.rows(
        `SELECT favg(${column} ORDER BY ${column}), min(${column}), max(${column}) FROM ${files[side]}`,
      );
      return { mean: Number(mean), least: Number(least), most: Number(most) };
    });
    const { least, most } = sides.train;
    if (least === most) {
      throw mismatch(`the label "${label}" is ${least} in all training rows, want numbers that differ`, label);
    }
    const mean = (side: typeof sides.train) => ({ mean: side.mean });
    return {
      task: { kind: 'regression' },
      sides: { train: mean(sides.train), validation: mean(sides.validation), test: mean(sides.test) },
    };
  },
};
