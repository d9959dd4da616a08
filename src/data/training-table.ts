import { durationMs } from '../domain/duration.js';
import { DataEmptyError } from '../errors.js';
import type { SplitSpec, TaskSpec } from '../spec/spec.js';
import type { Db } from './duckdb.js';
import { mismatch, prepareStep } from './prepare-error.js';
import type { PreparedTable, TaskColumns } from './prepared-table.js';
import { keyColumns } from './splits/index.js';
import { POSITION, positionSql } from './splits/position.js';
import type { CutContext } from './splits/sides.js';
import { isoText, quoteName, timestamp } from './sql-text.js';
import { instant } from './windows.js';

export interface TrainingInput {
  /** What the SQL sees. */
  readonly task: TaskColumns & Pick<TaskSpec, 'labelDelay'>;
  readonly spec: SplitSpec;
  /** Nothing is known from then on, ISO 8601. */
  readonly asOf?: string;
}

/**
 * Runs the SQL into the table `training`: the rows whose labels are known, with their position where the split has keys. The
 * label of a row is known `labelDelay` after its event time. Now is the event time of the newest row that the SQL gives, or
 * `asOf` when that is earlier: not the clock, so that the same data always give the same rows, and not the end of the other
 * sources, which may be plans or holidays of years to come. So rows may be left out whose label is known already, and none
 * is kept because of what another source says.
 *
 * @throws {PrepareFailedError} for SQL that fails, rows without event time or key; {@link DataEmptyError} without rows
 */
export async function createTraining(
  db: Db,
  { select, columns }: PreparedTable,
  { spec, task, asOf }: TrainingInput,
): Promise<CutContext> {
  const keys = keyColumns(spec);
  const position = keys.length === 0 ? '' : `, ${positionSql(columns, keys, task.label)} AS ${POSITION}`;
  const create = `CREATE TEMP TABLE training AS SELECT *${position} FROM (${select})`;
  await prepareStep(() => db.run(create), 'it failed while it ran');
  const { newest } = await eventTimes(db, task);
  if (keys.length > 0 && spec.by !== 'group') await checkKeys(db, keys);
  const delay = durationMs(task.labelDelay);
  if (delay > 0) {
    const known = Math.min(instant(newest), asOf === undefined ? Infinity : instant(asOf)) - delay;
    const time = quoteName(task.eventTime);
    await db.run(`DELETE FROM training WHERE ${time} > ${timestamp(new Date(known).toISOString())}`);
  }
  return { db, columns, task, ...(await eventTimes(db, task)) };
}

/** Rows without a key would all be on one side. */
async function checkKeys(db: Db, keys: readonly string[]): Promise<void> {
  const empty = keys.map((name) => `${quoteName(name)} IS NULL`).join(' AND ');
  const [[rows] = []] = await db.rows(`SELECT count_if(${empty})::DOUBLE FROM training`);
  if (Number(rows) === 0) return;
  const names = keys.map((name) => `"${name}"`).join(', ');
  throw mismatch(
    `the key of the split, ${names}, is empty in ${Number(rows)} rows, want a value in each`,
    keys[0] ?? '',
  );
}

async function eventTimes(db: Db, task: TrainingInput['task']): Promise<{ oldest: string; newest: string }> {
  const time = quoteName(task.eventTime);
  const [[rows, noTime, oldest, newest] = []] = await db.rows(
    `SELECT count(*)::DOUBLE, count_if(${time} IS NULL)::DOUBLE,
       ${isoText(`min(${time}) FILTER (isfinite(${time}))`)}, ${isoText(`max(${time}) FILTER (isfinite(${time}))`)}
     FROM training`,
  );
  if (Number(rows) === 0) {
    throw new DataEmptyError('Cannot split the training table: it has no rows', {
      fix: `Check the conditions in the SQL of \`prepare\`${task.labelDelay === '0s' ? '' : ', and `task.labelDelay` in the spec'}.`,
    });
  }
  if (Number(noTime) > 0 || typeof newest !== 'string' || typeof oldest !== 'string') {
    throw mismatch(
      `the event time "${task.eventTime}" is empty in ${String(noTime)} of ${String(rows)} rows, want a time in each`,
      task.eventTime,
    );
  }
  return { oldest, newest };
}
