import type { Db } from './duckdb.js';
import { quoteName } from './sql-text.js';

/**
 * Makes the table macro `as_of` for the SQL of `prepare`: each row of `events` with the last row of `history` that has
 * the same key and was known before the event, as the struct `known` (null where there was none):
 *
 *     SELECT orders.*, known.price
 *     FROM as_of(orders, prices, key := product, event_time := ordered_at, known_at := valid_from)
 *
 * `key`, `event_time` and `known_at` are expressions, over `events` and over `history`; several key columns are written
 * `(shop, product)`. `delay` is how long after `known_at` a row of `history` could be used at the earliest (default: at
 * once); `at_or_before := true` takes a row of the very instant of the event too. Of rows that became known at the same
 * instant the one that sorts last by its columns is taken, so that the same tables always give the same rows.
 */
export async function createAsOf(db: Db): Promise<void> {
  await db.run(
    `CREATE OR REPLACE TEMP MACRO as_of(
       events, history, key, event_time, known_at, delay := INTERVAL 0 SECOND, at_or_before := false
     ) AS TABLE
     SELECT ${EVENT}.* EXCLUDE (${KEY}, ${AT}), ${PAST}.${ROW} AS known
     FROM (SELECT *, key AS ${KEY}, CAST(event_time AS TIMESTAMP) AS ${AT} FROM query_table(events)) AS ${EVENT}
     ASOF LEFT JOIN (
       SELECT
         max(${PAST}) AS ${ROW},
         key AS ${KEY},
         CAST(known_at AS TIMESTAMP) + delay
           + CASE WHEN at_or_before THEN INTERVAL 0 SECOND ELSE INTERVAL 1 MICROSECOND END AS ${AT}
       FROM query_table(history) AS ${PAST}
       GROUP BY ALL
     ) AS ${PAST}
     ON ${EVENT}.${KEY} = ${PAST}.${KEY} AND ${EVENT}.${AT} >= ${PAST}.${AT}`,
  );
}

// Names that no column of a user has: the macro's own must not hide theirs.
const [EVENT, PAST, ROW, KEY, AT] = ['event', 'past', 'row', 'key', 'at'].map((name) => quoteName(`\u0001${name}`));
