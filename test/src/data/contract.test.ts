import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkContract } from '../../../src/data/contract.js';
import type { ContractFinding } from '../../../src/domain/data.js';
import { modelSpecSchema, type ColumnRule, type TableContract } from '../../../src/spec.js';
import { workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

type RuleInput = Partial<ColumnRule> & Pick<ColumnRule, 'type'>;
type Input = {
  columns: Record<string, RuleInput>;
  otherColumns?: 'allow' | 'refuse';
  rows?: { min?: number; max?: number };
};

/** Fills in the defaults as the spec does. */
function contractOf(input: Input): TableContract {
  const parsed = modelSpecSchema.shape.contract.parse({ things: input });
  return parsed['things'] as TableContract;
}

async function findings(select: string, contract: Input): Promise<ContractFinding[]> {
  const source = await bench.parquet('contract.parquet', select);
  const { part, file } = await bench.ingestFile(source, { id: 'day/a.parquet' });
  return checkContract([{ part, file }], contractOf(contract));
}
const messages = async (select: string, rules: Record<string, RuleInput>) =>
  (await findings(select, { columns: rules })).map(({ message }) => message);
/** A column `a` of these values. */
const values = (...list: readonly string[]) => `SELECT unnest([${list.join(', ')}]) AS a`;

describe('checkContract', () => {
  it('finds nothing in what keeps the contract', async () => {
    const select = `SELECT i AS id, i / 2.0 AS x, i % 2 = 0 AS yes, 'c' || i % 3 AS c, TIMESTAMP '2001-01-01' + INTERVAL (i) HOUR AS t,
      DATE '2001-01-01' + i::INTEGER AS d FROM range(100) r(i)`;
    const columns: Record<string, RuleInput> = {
      id: { type: 'integer', min: 0, max: 99 },
      x: { type: 'number', min: 0, max: 49.5 },
      yes: { type: 'boolean', values: [true, false] },
      c: { type: 'string', values: ['c0', 'c1', 'c2'] },
      t: { type: 'timestamp', min: '2001-01-01', max: '2001-01-05T03:00:00Z' },
      d: { type: 'date', min: '2001-01-01', max: '2001-04-10' },
      none: { type: 'string', required: false },
    };
    expect(await findings(select, { columns, otherColumns: 'refuse', rows: { min: 100, max: 100 } })).toEqual([]);
  });

  it('names missing columns with the nearest name, unexpected columns and wrong row counts', async () => {
    const found = await findings('SELECT 1 AS dealy, 2 AS origin', {
      columns: { delay: { type: 'integer' }, origin: { type: 'integer' } },
      otherColumns: 'refuse',
      rows: { min: 2 },
    });
    expect(found).toEqual([
      {
        source: 'things',
        object: 'day/a.parquet',
        column: 'delay',
        rule: 'missing',
        message: 'column "delay": not found (found "dealy"), want it in every file',
      },
      {
        source: 'things',
        object: 'day/a.parquet',
        column: 'dealy',
        rule: 'unexpected',
        message: 'column "dealy": found, want no columns but the contract\'s',
      },
      { source: 'things', object: 'day/a.parquet', column: '', rule: 'rows', message: 'found 1 rows, want at least 2' },
    ]);
    const many = await findings('SELECT * FROM range(3) r(a)', { columns: {}, rows: { max: 2 } });
    expect(many[0]).toMatchObject({ rule: 'rows', message: 'found 3 rows, want at most 2' });
  });

  it('takes a type for another only when no value contradicts', async () => {
    const integer = { a: { type: 'integer' } } as const;
    expect(await messages(values('1.0::DOUBLE', '2.0'), integer)).toEqual([]);
    expect(await messages(values('1.0::DOUBLE', '2.5', '3.5'), integer)).toEqual([
      'column "a": found 2.5 in 2 of 3 rows, want integer',
    ]);
    expect(await messages(values('1e300::DOUBLE'), integer)).toEqual([
      'column "a": found 1e+300 in 1 of 1 rows, want integer',
    ]);
    expect(await messages(values("'inf'::DOUBLE", '1'), integer)).toEqual([
      'column "a": found inf in 1 of 2 rows, want integer',
    ]);
    expect(await messages(values('1', '2'), { a: { type: 'number' } })).toEqual([]);
    expect(await messages(values('1', '0'), { a: { type: 'boolean' } })).toEqual([]);
    expect(await messages(values('1', '2'), { a: { type: 'boolean' } })).toEqual([
      'column "a": found 2 in 1 of 2 rows, want boolean',
    ]);
    expect(await messages(values("DATE '2001-01-01'"), { a: { type: 'timestamp' } })).toEqual([]);
    expect(await messages(values("TIMESTAMP '2001-01-01'"), { a: { type: 'date' } })).toEqual([]);
    expect(await messages(values("TIMESTAMP '2001-01-01 01:00:00'"), { a: { type: 'date' } })).toHaveLength(1);
    expect(await messages(values('1', '2'), { a: { type: 'string' } })).toEqual([
      'column "a": found integer, want string',
    ]);
  });

  it('says which text stands in the way of another type', async () => {
    expect(await messages(values("'1'", "'n/a'", "'x'"), { a: { type: 'number', min: 5 } })).toEqual([
      'column "a": found string ("n/a" and the like in 2 of 3 rows), want number',
    ]);
    expect(await messages(values("'1'", "'2'"), { a: { type: 'integer' } })).toEqual([
      'column "a": found string, want integer',
    ]);
  });

  it('does not blame the type of a column without a single value', async () => {
    expect(await messages('SELECT NULL::VARCHAR AS a', { a: { type: 'number', maxNullShare: 1 } })).toEqual([]);
    expect(await messages('SELECT NULL::VARCHAR AS a', { a: { type: 'number' } })).toEqual([
      'column "a": found it empty in 1 of 1 rows (100 %), want at most 0 %',
    ]);
  });

  it('counts null and NaN as empty, up to the share that is allowed', async () => {
    const quarter = values('1.0::DOUBLE', '2', "'nan'", '4');
    expect(
      await messages(quarter, { a: { type: 'number', maxNullShare: 0.25, min: 0, max: 10, values: [1, 2, 4] } }),
    ).toEqual([]);
    const [finding] = await findings(quarter, { columns: { a: { type: 'number', maxNullShare: 0.24 } } });
    expect(finding).toMatchObject({ rule: 'nulls', badShare: 0.25 });
  });

  it('finds values out of bounds and names the worst, up to the share that is allowed', async () => {
    const select = 'SELECT i AS a FROM range(1000) r(i)';
    expect(await findings(select, { columns: { a: { type: 'integer', min: 2, max: 998 } } })).toMatchObject([
      { rule: 'min', badShare: 0.002, message: 'column "a": found 0, want at least 2; 2 of 1,000 rows break this' },
      { rule: 'max', badShare: 0.001, message: 'column "a": found 999, want at most 998; 1 of 1,000 rows break this' },
    ]);
    expect(await messages(select, { a: { type: 'integer', min: 2, maxBadShare: 0.002 } })).toEqual([]);
    expect(await messages(select, { a: { type: 'integer', min: 2, maxBadShare: 0.0019 } })).toEqual([
      'column "a": found 0, want at least 2; 2 of 1,000 rows break this, want at most 0.19 % of them',
    ]);
    expect(await messages(values("DATE '2001-01-01'"), { a: { type: 'date', min: '2001-01-02' } })).toHaveLength(1);
    expect(
      await messages(values("TIMESTAMP '2001-01-01 10:00:00'"), {
        a: { type: 'timestamp', max: '2001-01-01T11:30:00+02:00' },
      }),
    ).toHaveLength(1);
  });

  it('finds values that are not in the list', async () => {
    const rules = { a: { type: 'string', values: ["it's", 'b'] as string[] } } as const;
    expect(await messages(values("'it''s'", "'b'", "'c'", 'NULL'), { a: { ...rules.a, maxNullShare: 1 } })).toEqual([
      'column "a": found "c", want one of it\'s, b; 1 of 4 rows break this',
    ]);
    expect(await messages(values('1.5::DOUBLE', '2'), { a: { type: 'number', values: [1.5, 2] } })).toEqual([]);
    expect(await messages(values('true', 'false'), { a: { type: 'boolean', values: [true] } })).toHaveLength(1);
  });

  it('checks columns with hostile names', async () => {
    const select = `SELECT 1 AS "a""b; DROP TABLE x", 2 AS "constructor", 3 AS "toString"`;
    const columns = {
      'a"b; DROP TABLE x': { type: 'integer', max: 0 },
      constructor: { type: 'string' },
    } as unknown as Input['columns'];
    expect((await findings(select, { columns })).map(({ rule, column }) => [rule, column])).toEqual([
      ['max', 'a"b; DROP TABLE x'],
      ['type', 'constructor'],
    ]);
  });

  it('checks several parts and says which', async () => {
    const parts = [];
    for (const [id, low] of [
      ['a.parquet', 0],
      ['b.parquet', -1],
    ] as const) {
      const file = await bench.parquet('several.parquet', `SELECT ${low} AS a`);
      parts.push(await bench.ingestFile(file, { id }));
    }
    const found = await checkContract(parts, contractOf({ columns: { a: { type: 'integer', min: 0 } } }));
    expect(found.map(({ object, rule }) => [object, rule])).toEqual([['b.parquet', 'min']]);
  });
});
