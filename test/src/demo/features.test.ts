import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withDuckDb, type Db } from '../../../src/data/duckdb.js';
import { readParquet } from '../../../src/data/sql-text.js';
import { writeWeek } from '../../../src/demo/weeks.js';

/** Noon of a Wednesday in the third week. */
const NOW = "TIMESTAMP '2001-01-17 12:00:00'";
/** Taken to be in the air at NOW, by the rule that features.sql states. */
const IN_THE_AIR = `date + to_minutes(CAST(ceil(45 + distance / 6.5) AS BIGINT)) > ${NOW}`;

let folder: string;
let files: string[];
let features: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-features-'));
  files = [];
  for (const week of [1, 2, 3]) files.push(await writeWeek(folder, week));
  features = await readFile(
    fileURLToPath(new URL('../../../examples/late-flights/features.sql', import.meta.url)),
    'utf8',
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('features of late flights, do not change when all later flights are taken away', async () => {
  expect(await changedRows(features, `SELECT * FROM flown WHERE date <= ${NOW}`)).toBe(0);
});

test('features of late flights, do not change when flights still in the air turn out late', async () => {
  const others = `SELECT * REPLACE (CASE WHEN ${IN_THE_AIR} THEN 600 ELSE delay END AS delay) FROM flown`;
  expect(await changedRows(features, others)).toBe(0);
});

test('the check on features, finds a query that looks two hours ahead', async () => {
  const peeking = features.replace('hours.hour >= latest.known_at', 'hours.hour + INTERVAL 2 HOUR >= latest.known_at');
  expect(peeking).not.toBe(features);
  expect(await changedRows(peeking, `SELECT * FROM flown WHERE date <= ${NOW}`)).toBeGreaterThan(0);
});

test('features of late flights, say how many flights of the origin were late in the last three hours', async () => {
  // Three flights of AAA have landed by ten (two in the last three hours, one of them late), one is in the air.
  const flown = `SELECT * FROM (VALUES
    (TIMESTAMP '2001-01-09 04:00:00', 20, 65, 'AAA', 'BBB'),
    (TIMESTAMP '2001-01-09 06:30:00', 16, 65, 'AAA', 'BBB'),
    (TIMESTAMP '2001-01-09 07:00:00', 15, 65, 'AAA', 'BBB'),
    (TIMESTAMP '2001-01-09 09:30:00', 99, 650, 'AAA', 'BBB'),
    (TIMESTAMP '2001-01-09 10:30:00', 0, 65, 'AAA', 'BBB')) t(date, delay, distance, origin, destination)`;
  const last = await inFlights(flown, (db) =>
    db.rows(`SELECT late_share_3h, late_share_24h, late FROM (${features}) ORDER BY date DESC LIMIT 1`),
  );
  expect(last).toEqual([[0.5, 2 / 3, false]]);
});

test('features of late flights, measure from the usual slot of the route in the week before', async () => {
  // Four mornings with a departure around eight make a slot; a week later one leaves 40 minutes after it.
  const flown = `SELECT * FROM (VALUES
    (TIMESTAMP '2001-01-08 08:00:00', 0, 65, 'AAA', 'BBB'),
    (TIMESTAMP '2001-01-09 08:31:00', 30, 65, 'AAA', 'BBB'),
    (TIMESTAMP '2001-01-10 07:59:00', 0, 65, 'AAA', 'BBB'),
    (TIMESTAMP '2001-01-11 08:00:00', 0, 65, 'AAA', 'BBB'),
    (TIMESTAMP '2001-01-15 07:50:00', 0, 65, 'AAA', 'BBB'),
    (TIMESTAMP '2001-01-16 08:40:00', 50, 65, 'AAA', 'BBB')) t(date, delay, distance, origin, destination)`;
  const minutes = await inFlights(flown, (db) =>
    db.rows(`SELECT minutes_since_slot FROM (${features}) ORDER BY date DESC LIMIT 2`),
  );
  expect(minutes).toEqual([[40], [-10]]);
});

test('features of late flights, leave out flights whose clock was wrong', async () => {
  const flown = `SELECT * FROM (VALUES
    (TIMESTAMP '2001-01-08 08:00:00', -1200, 65, 'AAA', 'BBB'),
    (TIMESTAMP '2001-01-09 08:00:00', 3, 65, 'AAA', 'BBB')) t(date, delay, distance, origin, destination)`;
  expect(await inFlights(flown, (db) => db.rows(`SELECT count(*)::INT FROM (${features})`))).toEqual([[1]]);
});

/** How many rows up to NOW have other features when `flights` is `others` instead of all of `flown`. */
async function changedRows(query: string, others: string): Promise<number> {
  return await inFlights(`FROM ${readParquet(files)}`, async (db) => {
    const table = `SELECT * EXCLUDE (late) FROM (${query}) WHERE date <= ${NOW}`;
    await db.run(`CREATE TABLE before AS ${table}`);
    await db.run(`CREATE OR REPLACE VIEW flights AS ${others}`);
    await db.run(`CREATE TABLE after AS ${table}`);
    const [[rows = 0] = []] = await db.rows('SELECT count(*)::INT FROM before');
    expect(rows).toBeGreaterThan(200_000);
    const [[changed = -1] = []] = await db.rows(`SELECT (SELECT count(*) FROM (FROM before EXCEPT ALL FROM after))::INT
      + (SELECT count(*) FROM (FROM after EXCEPT ALL FROM before))::INT`);
    return Number(changed);
  });
}

async function inFlights<T>(flown: string, job: (db: Db) => Promise<T>): Promise<T> {
  const options = { folders: [folder], tempFolder: path.join(folder, 'spill'), memoryLimit: '2GB' };
  return await withDuckDb(options, async (db) => {
    await db.run(`CREATE TABLE flown AS ${flown}`);
    await db.run('CREATE VIEW flights AS FROM flown');
    return await job(db);
  });
}
