import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TimeSplit } from '../../../../src/spec/spec.js';
import { workbench, type Workbench } from '../data-job.js';
import {
  bigTable,
  digestsOf,
  idsOf,
  parquetOf,
  sideOf,
  splitRows,
  splitTables,
  task,
  toyTable,
  trySplit,
} from './toy-table.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

const HOUR = 3_600_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const spec: TimeSplit = {
  by: 'time',
  train: 'all',
  validation: '1d',
  test: '2d',
  gap: '0d',
  lookback: '0d',
  maxTrainRows: 100_000,
};
const hours = fc.integer({ min: 1, max: 24 }).map((count) => [`${count}h`, count * HOUR] as const);

describe('a split by time', () => {
  it('learns from nothing that is later than what it is judged on, less the gap, and loses only the gaps', async () => {
    const windows = fc.record({ train: fc.option(hours), validation: hours, test: hours, gap: hours });
    await fc.assert(
      fc.asyncProperty(toyTable(80), windows, async (rows, { train, validation, test, gap }) => {
        const lengths = { validation: validation[0], test: test[0], gap: gap[0], train: train?.[0] ?? 'all' };
        const facts = await trySplit(bench, rows, { ...spec, ...lengths });
        // Small tables often have a window without rows: those cases do not count.
        fc.pre(facts !== undefined);
        const at = new Map(rows.map(({ id, hour }) => [id, START + hour * HOUR]));
        const ids = await idsOf(bench, facts);
        const times = (side: 'train' | 'validation' | 'test') => ids[side].map((id) => at.get(id) ?? Number.NaN);
        const later = Math.min(...times('validation'));
        expect(Math.max(...times('train'))).toBeLessThan(later - gap[1]);
        expect(Math.max(...times('validation'))).toBeLessThan(Math.min(...times('test')) - gap[1]);
        const sides = await sideOf(bench, facts);
        const [first, second] = [Date.parse(facts.validation.from), Date.parse(facts.test.from)];
        for (const [id, time] of at) {
          const inGap = (end: number) => time >= end - gap[1] && time < end;
          const old = train !== null && time < first - gap[1] - train[1];
          expect(sides.has(id), `${id} at ${time}`).toBe(!inGap(first) && !inGap(second) && !old);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('takes everything that came before when it expands, and says since when', async () => {
    const facts = await splitRows(bench, bigTable(240), spec);
    expect(facts.train).toMatchObject({ rows: 168, from: '2026-01-01T00:00:00.000Z', to: '2026-01-08T00:00:00.000Z' });
    expect(facts.test).toMatchObject({ rows: 48, to: '2026-01-11T00:00:00.000Z' });
  });

  it('works as if the rest had not happened yet when it is told a time', async () => {
    const rows = bigTable(240);
    const asOf = '2026-01-07T12:00:00.000Z';
    const past = rows.filter(({ hour }) => START + hour * HOUR < Date.parse(asOf));
    const [told, real] = [await splitRows(bench, rows, spec, { asOf }), await splitRows(bench, past, spec)];
    expect(digestsOf(told)).toEqual(digestsOf(real));
    expect(told.test.to).toBe('2026-01-08T00:00:00.000Z');
  });

  it('takes away whole parts of a source that tells its time by its names', async () => {
    const late = bigTable(240).filter(({ hour }) => hour >= 144);
    const early = bigTable(240).filter(({ hour }) => hour < 144);
    const parts = [
      { file: await parquetOf(bench, early), to: '2026-01-06T23:59:59.999Z' },
      { file: await parquetOf(bench, late), to: '2026-01-10T23:59:59.999Z' },
    ];
    const told = await splitTables(bench, { visits: { parts } }, spec, { asOf: '2026-01-07T00:00:00.000Z' });
    expect(told).toMatchObject({ test: { to: '2026-01-07T00:00:00.000Z', rows: 48 } });
    const all = await splitTables(bench, { visits: { parts } }, spec);
    expect(all.test.to).toBe('2026-01-11T00:00:00.000Z');
  });

  it('leaves out rows whose label is not known yet, also without a label', async () => {
    const rows = bigTable(240);
    const sql = "SELECT * REPLACE (CASE WHEN ts < TIMESTAMP '2026-01-08' THEN yes END AS yes) FROM visits";
    const facts = await splitRows(bench, rows, spec, { sql, task: { ...task, labelDelay: '3d' } });
    // The newest row is of 10 January, 23:00: labels are known of rows up to 7 January, 23:00.
    expect(facts.test).toMatchObject({ rows: 48, from: '2026-01-06T00:00:00.000Z', to: '2026-01-08T00:00:00.000Z' });
    const partly = await splitRows(bench, rows, spec, { task: { ...task, labelDelay: '84h' } });
    expect(partly.test).toMatchObject({ rows: 36, from: '2026-01-06T00:00:00.000Z', to: '2026-01-08T00:00:00.000Z' });
    await expect(splitRows(bench, rows, spec, { sql })).rejects.toThrow(/the label "yes" is empty in 72 rows/);
  });

  it('takes the newest row of the table for now, whatever other sources and names of files say', async () => {
    const file = await parquetOf(bench, bigTable(240));
    const holidays = await bench.parquet('holidays.parquet', "SELECT TIMESTAMP '2099-01-01' AS day");
    const sql = "SELECT * REPLACE (CASE WHEN ts < TIMESTAMP '2026-01-08' THEN yes END AS yes) FROM visits";
    const delayed = { sql, task: { ...task, labelDelay: '3d' } };
    const expected = { rows: 48, from: '2026-01-06T00:00:00.000Z', to: '2026-01-08T00:00:00.000Z' };
    const calendar = {
      visits: { parts: [{ file }], eventTime: 'ts' },
      holidays: { parts: [{ file: holidays }], eventTime: 'day' },
    };
    expect((await splitTables(bench, calendar, spec, delayed)).test).toMatchObject(expected);
    // The file of a month that has gone on for ten days.
    const month = { visits: { parts: [{ file, to: '2026-01-31T23:59:59.999Z' }] } };
    expect((await splitTables(bench, month, spec, delayed)).test).toMatchObject(expected);
  });

  it('knows no label later than the time that it is told', async () => {
    const sql = 'SELECT * REPLACE (ts + INTERVAL 2 DAY AS ts) FROM visits';
    const told = { sql, asOf: '2026-01-10T00:00:00.000Z', task: { ...task, labelDelay: '1d' } };
    const facts = await splitRows(bench, bigTable(240), spec, told);
    // Rows go on to 11 January, 23:00.
    expect(facts.test).toMatchObject({ rows: 25, to: '2026-01-10T00:00:00.000Z' });
  });
});
