import type { LabelFacts } from '../../domain/data.js';
import { columnType, STORED_TYPE } from '../column-type.js';
import type { Db } from '../duckdb.js';
import { mismatch } from '../prepare-error.js';
import { quoteName } from '../sql-text.js';
import { eachSide } from './each-side.js';
import { LABEL_CODE, type LabelKind } from './label-kind.js';

/** More classes than this are most likely ids or free text. */
export const MOST_CLASSES = 1000;
/** Class names stand in manifests and answers. */
const LONGEST_CLASS = 200;

/** One of several texts or whole numbers; the code is the label itself. */
export const multiclass: LabelKind = {
  types: ['string', 'integer'],
  wants: 'text or whole numbers, one for each class',
  wantsInEach: 'a class',
  compared: 'exactly',
  storedAs: (type) => type,
  code: (value, duckDbType) =>
    `CAST(${value} AS ${columnType(duckDbType) === 'integer' ? STORED_TYPE.integer : STORED_TYPE.string})`,
  stored: (code) => code,
  isLearnt: (label, train) => `${LABEL_CODE} IN (SELECT ${quoteName(label)} FROM ${train})`,
  async facts(db, label, files) {
    const classes = await classesOf(db, label, files.train);
    const known = new Map(classes.map((name, index) => [name, index]));
    const sides = await eachSide(async (side): Promise<LabelFacts> => {
      const classRows = classes.map(() => 0);
      const unseen = { rows: 0, classes: 0 };
      // At most so many groups as there are rows; what training never saw is only counted.
      const groups = await db.rows(
        `SELECT ${quoteName(label)}::VARCHAR, count(*)::DOUBLE FROM ${files[side]} GROUP BY ALL`,
      );
      for (const [name, rows] of groups) {
        const index = known.get(String(name));
        if (index !== undefined) classRows[index] = Number(rows);
        else {
          unseen.rows += Number(rows);
          unseen.classes += 1;
        }
      }
      return { classRows, ...(unseen.rows > 0 && { unseen }) };
    });
    return { task: { kind: 'multiclass', classes }, sides };
  },
};

/** The distinct labels as texts: whole numbers by size, texts by code point, which is how DuckDB orders them. */
async function classesOf(db: Db, label: string, train: string): Promise<string[]> {
  const column = quoteName(label);
  const rows = await db.rows(
    `SELECT value::VARCHAR FROM (SELECT DISTINCT ${column} AS value FROM ${train}) ORDER BY value LIMIT ${MOST_CLASSES + 1}`,
  );
  const classes = rows.map(([name]) => String(name));
  if (classes.length > MOST_CLASSES) throw tooManyClasses(label);
  const [only, another] = classes;
  if (another === undefined) {
    throw mismatch(
      `the label "${label}" is "${only?.slice(0, 100)}" in all training rows, want two classes or more`,
      label,
    );
  }
  const long = classes.find((name) => name.length > LONGEST_CLASS);
  if (long !== undefined) {
    throw mismatch(
      `the label "${label}" has the class "${long.slice(0, 60)}..." of ${long.length} characters, want at most ${LONGEST_CLASS}`,
      label,
    );
  }
  return classes;
}

/** The error for a label that is no class. */
export function tooManyClasses(label: string) {
  return mismatch(`the label "${label}" has more than ${MOST_CLASSES} classes, want at most so many`, label);
}
