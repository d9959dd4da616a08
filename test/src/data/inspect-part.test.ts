import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inlineContract } from '../../../src/contracts/inline.js';
import { inspectPart } from '../../../src/data/inspect-part.js';
import type { Check, CheckMeasure, ContractTable, Expectation, ValidValues } from '../../../src/domain/contract.js';
import { modelSpecSchema, type InlineContract, type ModelSpecInput } from '../../../src/spec/spec.js';
import { errorOf, workbench, type Workbench } from './data-job.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => bench.close());

type TableInput = Extract<ModelSpecInput['contract'], object>[string];
type Rules = TableInput['columns'];

const inspect = async (select: string, contract?: ContractTable) => {
  const files = [await bench.parquet('part.parquet', select)];
  return inspectPart({ files, table: 'things', ...(contract && { contract }) });
};
/** What the short rules of a spec find. */
const findings = async (select: string, input: TableInput) => {
  const rules = modelSpecSchema.shape.contract.parse({ things: input }) as InlineContract;
  return (await inspect(select, inlineContract(rules).tables['things'])).findings;
};
const messages = async (select: string, columns: Rules) =>
  (await findings(select, { columns })).map(({ message }) => message);
/** A column `a` of these values. */
const values = (...list: readonly string[]) => `SELECT unnest([${list.join(', ')}]) AS a`;

const NONE = { expect: { operator: 'mustBe', value: 0 }, unit: 'rows', severity: 'block' } as const;
/** A contract with one check on the column `a`. */
const checked = (measure: CheckMeasure, more: Partial<Check> = {}): ContractTable => ({
  columns: [],
  checks: [{ id: 'a/rule', measure, ...NONE, ...more }],
});
const valid = (values: ValidValues) => checked({ kind: 'invalid', column: 'a', valid: values });
const told = async (select: string, contract: ContractTable) =>
  (await inspect(select, contract)).findings.map(({ message }) => message);

describe('inspectPart on the short rules of a spec', () => {
  it('finds nothing in what keeps the contract', async () => {
    const select = `SELECT i AS id, i / 2.0 AS x, i % 2 = 0 AS yes, 'c' || i % 3 AS c, TIMESTAMP '2001-01-01' + INTERVAL (i) HOUR AS t,
      DATE '2001-01-01' + i::INTEGER AS d FROM range(100) r(i)`;
    const columns: Rules = {
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
        column: 'delay',
        check: 'delay/missing',
        severity: 'block',
        message: 'column "delay": not found (found "dealy"), want it in every file',
      },
      {
        column: 'dealy',
        check: 'dealy/unexpected',
        severity: 'block',
        message: 'column "dealy": found, want no columns but the contract\'s',
      },
      { column: '', check: 'rows', severity: 'block', message: 'found 1 row, want at least 2' },
    ]);
    const many = await findings('SELECT * FROM range(3) r(a)', { columns: {}, rows: { max: 2 } });
    expect(many[0]).toMatchObject({ check: 'rows', message: 'found 3 rows, want 1 to 2' });
  });

  it('takes a type for another only when no value contradicts', async () => {
    const integer = { a: { type: 'integer' } } as const;
    expect(await messages(values('1.0::DOUBLE', '2.0', "'nan'"), { a: { type: 'integer', maxNullShare: 1 } })).toEqual(
      [],
    );
    expect(await messages(values('1.0::DECIMAL(9, 2)', '2.5'), integer)).toEqual([
      'column "a": found 2.50 in 1 of 2 rows (50 %), want integer',
    ]);
    expect(await messages(values('1.0::DOUBLE', '2.5', '3.5'), integer)).toEqual([
      'column "a": found 2.5 in 2 of 3 rows (66.67 %), want integer',
    ]);
    expect(await messages(values('1e300::DOUBLE'), integer)).toEqual([
      'column "a": found 1e+300 in 1 of 1 row (100 %), want integer',
    ]);
    expect(await messages(values("'inf'::DOUBLE", '1'), integer)).toEqual([
      'column "a": found inf in 1 of 2 rows (50 %), want integer',
    ]);
    expect(await messages(values('1', '2'), { a: { type: 'number' } })).toEqual([]);
    expect(await messages(values('1', '0'), { a: { type: 'boolean' } })).toEqual([]);
    expect(await messages(values('1', '2'), { a: { type: 'boolean' } })).toEqual([
      'column "a": found 2 in 1 of 2 rows (50 %), want boolean',
    ]);
    expect(await messages(values("DATE '2001-01-01'"), { a: { type: 'timestamp' } })).toEqual([]);
    expect(await messages(values("TIMESTAMP '2001-01-01'"), { a: { type: 'date' } })).toEqual([]);
    expect(await messages(values("TIMESTAMP '2001-01-01 01:00:00'"), { a: { type: 'date' } })).toHaveLength(1);
    expect(await messages(values('1', '2'), { a: { type: 'string' } })).toEqual([
      'column "a": found integer, want string',
    ]);
  });

  it('says which text stands in the way of another type, and asks no more of such a column', async () => {
    expect(await messages(values("'1'", "'n/a'", "'x'"), { a: { type: 'number', min: 5 } })).toEqual([
      'column "a": found string ("n/a" and the like), want number',
    ]);
    expect(await messages(values("'1'", "'2'"), { a: { type: 'integer' } })).toEqual([
      'column "a": found string, want integer',
    ]);
  });

  it('does not blame the type of a column without a single value', async () => {
    expect(await messages('SELECT NULL::VARCHAR AS a', { a: { type: 'number', maxNullShare: 1 } })).toEqual([]);
    expect(await messages('SELECT NULL::VARCHAR AS a', { a: { type: 'number' } })).toEqual([
      'column "a": found it empty in 1 of 1 row (100 %), want none',
    ]);
  });

  it('counts null and NaN as empty, up to the share that is allowed', async () => {
    const quarter = values('1.0::DOUBLE', '2', "'nan'", '4');
    expect(
      await messages(quarter, { a: { type: 'number', maxNullShare: 0.25, min: 0, max: 10, values: [1, 2, 4] } }),
    ).toEqual([]);
    const [finding] = await findings(quarter, { columns: { a: { type: 'number', maxNullShare: 0.24 } } });
    expect(finding).toEqual({
      column: 'a',
      check: 'a/nulls',
      severity: 'block',
      message: 'column "a": found it empty in 1 of 4 rows (25 %), want at most 24 %',
      badRows: 1,
    });
  });

  it('finds values out of bounds and names the worst, up to the share that is allowed', async () => {
    const select = 'SELECT i AS a FROM range(1000) r(i)';
    expect(await findings(select, { columns: { a: { type: 'integer', min: 2, max: 998 } } })).toMatchObject([
      {
        check: 'a/min',
        badRows: 2,
        message: 'column "a": found 0, want at least 2; 2 of 1,000 rows (0.2 %) break this',
      },
      {
        check: 'a/max',
        badRows: 1,
        message: 'column "a": found 999, want at most 998; 1 of 1,000 rows (0.1 %) break this',
      },
    ]);
    expect(await messages(select, { a: { type: 'integer', min: 2, maxBadShare: 0.002 } })).toEqual([]);
    expect(await messages(select, { a: { type: 'integer', min: 2, maxBadShare: 0.0019 } })).toEqual([
      'column "a": found 0, want at least 2; 2 of 1,000 rows (0.2 %) break this, want at most 0.19 %',
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
      'column "a": found "c", want one of it\'s, b; 1 of 4 rows (25 %) break this',
    ]);
    expect(await messages(values('1.5::DOUBLE', '2'), { a: { type: 'number', values: [1.5, 2] } })).toEqual([]);
    expect(await messages(values('true', 'false'), { a: { type: 'boolean', values: [true] } })).toHaveLength(1);
    expect(await messages(values('1', '0'), { a: { type: 'boolean', values: [true] } })).toEqual([
      'column "a": found 0, want one of true; 1 of 2 rows (50 %) break this',
    ]);
  });

  it('finds a text that is not among very many', async () => {
    const many = Array.from({ length: 2000 }, (_, index) => `v'${index}`);
    const select = `SELECT 'v''' || i AS a FROM range(2001) r(i)`;
    expect(await messages(select, { a: { type: 'string', values: many } })).toEqual([
      'column "a": found "v\'2000", want one of 2000 values; 1 of 2,001 rows (0.05 %) break this',
    ]);
    expect(await messages(`${select} WHERE i < 2000`, { a: { type: 'string', values: many } })).toEqual([]);
  });

  it('checks columns with hostile names', async () => {
    const select = `SELECT 1 AS "a""b; DROP TABLE x", 2 AS "constructor", 3 AS "toString"`;
    const columns: ContractTable = {
      columns: [{ name: 'constructor', type: 'string', required: true, roles: [], severity: 'block' }],
      checks: [
        { id: 'max', measure: { kind: 'invalid', column: 'a"b; DROP TABLE x', valid: { max: 0 } }, ...NONE },
        { id: 'again', measure: { kind: 'duplicates', columns: ['a"b; DROP TABLE x', 'toString'] }, ...NONE },
      ],
    };
    expect((await inspect(select, columns)).findings.map(({ check, column }) => [check, column])).toEqual([
      ['constructor/type', 'constructor'],
      ['max', 'a"b; DROP TABLE x'],
    ]);
  });
});

describe('inspectPart on values', () => {
  it('takes bounds as they are meant, each at its edge', async () => {
    const select = values('1', '2', '3');
    const broken = async (values: ValidValues) => (await inspect(select, valid(values))).findings[0]?.badRows ?? 0;
    expect(await broken({ min: 2 })).toBe(1);
    expect(await broken({ exclusiveMin: 2 })).toBe(2);
    expect(await broken({ max: 2 })).toBe(1);
    expect(await broken({ exclusiveMax: 2 })).toBe(2);
    expect(await broken({ min: 2, max: 2 })).toBe(2);
    expect(await broken({ min: 1.5, max: 2.5 })).toBe(2);
    expect(await told(select, valid({ min: 2, max: 2 }))).toEqual([
      'column "a": found 1, want at least 2 and at most 2; 2 of 3 rows (66.67 %) break this',
    ]);
  });

  it('matches patterns with the whole text, and counts lengths in characters', async () => {
    const select = values("'AB12'", "'AB1'", "'xAB12'", 'NULL');
    expect(await told(select, valid({ pattern: '[A-Z]{2}[0-9]+' }))).toEqual([
      'column "a": found "xAB12", want text like [A-Z]{2}[0-9]+; 1 of 4 rows (25 %) break this',
    ]);
    expect(await told(values("'Zoë'", "'日本語'", "''"), valid({ minLength: 1, maxLength: 3 }))).toEqual([
      'column "a": found "", want at least 1 characters and at most 3 characters; 1 of 3 rows (33.33 %) break this',
    ]);
  });

  it('takes 0.3 for a multiple of 0.1, and infinity for none', async () => {
    const ofTenths = valid({ multipleOf: 0.1 });
    expect(await told(values('0.3::DOUBLE', '-0.7', '0', "'nan'"), ofTenths)).toEqual([]);
    expect(await told(values('0.35::DOUBLE', "'inf'"), ofTenths)).toHaveLength(1);
    expect((await inspect(values('0.35::DOUBLE', "'inf'"), ofTenths)).findings[0]?.badRows).toBe(2);
    expect(await told(values('4', '-6', '7'), valid({ multipleOf: 2 }))).toEqual([
      'column "a": found 7, want a multiple of 2; 1 of 3 rows (33.33 %) break this',
    ]);
  });

  it('finds NaN and infinity where finite numbers are wanted, and in no bound', async () => {
    const select = values("'nan'::DOUBLE", "'inf'", "'-inf'", '1');
    expect((await inspect(select, valid({ finite: true }))).findings[0]).toMatchObject({
      badRows: 3,
      message: 'column "a": found -inf, want a finite number; 3 of 4 rows (75 %) break this',
    });
    expect((await inspect(select, valid({ max: 5 }))).findings[0]?.badRows).toBe(1);
    expect(await told(values('1', '2'), valid({ finite: true }))).toEqual([]);
  });

  it('counts values that stand for nothing as empty', async () => {
    const empty = (missing: (string | number)[]) => checked({ kind: 'nulls', column: 'a', missing });
    expect((await inspect(values("'x'", "''", "'N/A'", 'NULL'), empty(['', 'N/A', 7]))).findings[0]?.badRows).toBe(3);
    expect((await inspect(values('1', '-999', 'NULL'), empty([-999, 'x']))).findings[0]?.badRows).toBe(2);
  });

  it('finds every value of a column that cannot be asked such a thing', async () => {
    expect(await told(values("'x'", 'NULL'), valid({ min: 1 }))).toEqual([]);
    expect(await told(values('1', '2'), valid({ pattern: 'x' }))).toEqual([
      'column "a": found 1, want text; 2 of 2 rows (100 %) break this',
    ]);
    expect(await told(values('true'), valid({ min: 1 }))).toHaveLength(1);
    expect(await told(values("'x'"), valid({ multipleOf: 2 }))).toHaveLength(1);
  });

  it('shows one value, cut short and made harmless, and none of a sensitive column', async () => {
    const select = values("'a\u202Eb\n' || repeat('x', 100)");
    const rule = valid({ maxLength: 3 });
    const [message = ''] = await told(select, rule);
    expect(message).toBe(
      'column "a": found "ab\\nxxxxxxxxxxxxxxx…", want at most 3 characters; 1 of 1 row (100 %) break this',
    );
    const sensitive = { name: 'a', type: 'string', required: true, roles: ['sensitive'], severity: 'block' } as const;
    expect(await told(select, { ...rule, columns: [sensitive] })).toEqual([
      'column "a": found other values, want at most 3 characters; 1 of 1 row (100 %) break this',
    ]);
    const number = { ...sensitive, type: 'number' } as const;
    expect(await told(values("'Ann'"), { columns: [number], checks: [] })).toEqual([
      'column "a": found string, want number',
    ]);
    const twice = checked({ kind: 'duplicates', columns: ['a'] });
    expect(await told(values("'Ann'", "'Ann'"), { ...twice, columns: [sensitive] })).toEqual([
      'column "a": found values more than once; 1 of 2 rows (50 %) repeat an earlier one',
    ]);
  });
});

describe('inspectPart on whole tables', () => {
  it('counts rows that repeat an earlier one, and none with an empty value', async () => {
    const select = `SELECT * FROM (VALUES (1, 'x'), (1, 'y'), (1, 'x'), (1, 'x'), (NULL, 'x'), (NULL, 'x'), (2, NULL)) t(a, b)`;
    const rule = (columns: string[]) => checked({ kind: 'duplicates', columns });
    expect((await inspect(select, rule(['a', 'b']))).findings).toEqual([
      {
        column: '',
        check: 'a/rule',
        severity: 'block',
        badRows: 2,
        message: 'columns "a", "b": found 1, x more than once; 2 of 7 rows (28.57 %) repeat an earlier one',
      },
    ]);
    expect((await inspect(select, rule(['a']))).findings[0]?.badRows).toBe(3);
    expect((await inspect(`${select} WHERE b = 'y'`, rule(['a', 'b']))).findings).toEqual([]);
  });

  it('counts different values, by number and by share', async () => {
    const distinct = (expect: Expectation, unit: Check['unit']) =>
      checked({ kind: 'distinct', column: 'a' }, { expect, unit });
    const select = values("'x'", "'y'", "'x'", 'NULL');
    const atLeast = { operator: 'mustBeGreaterOrEqualTo', value: 3 } as const;
    expect(await told(select, distinct(atLeast, 'rows'))).toEqual([
      'column "a": found 2 different values, want at least 3',
    ]);
    expect(await told(select, distinct({ operator: 'mustBeLessThan', value: 50 }, 'percent'))).toEqual([
      'column "a": found 50 % of the rows with a different value, want less than 50 %',
    ]);
    expect(await told(select, distinct({ operator: 'mustBe', value: 2 }, 'rows'))).toEqual([]);
  });

  it('asks the SQL of a rule, under the name of the table', async () => {
    const sql = (query: string, more: Partial<Check> = {}) => checked({ kind: 'sql', query }, more);
    const select = values('1', '2', '3');
    expect(await told(select, sql('SELECT count(*) FROM things WHERE a > 5 -- too many'))).toEqual([]);
    const description = 'no more\n than that';
    expect(await told(select, sql('FROM "things" SELECT sum(a);', { description }))).toEqual([
      'rule "a/rule": found 6, want 0 (no more than that)',
    ]);
    expect(await told(select, sql('SELECT avg(a) FROM things WHERE a > 5'))).toEqual([
      'rule "a/rule": found no number, want 0',
    ]);
    expect(
      await told(select, sql('SELECT max(a) = 3 FROM things', { expect: { operator: 'mustBe', value: 1 } })),
    ).toEqual([]);
  });

  it.each([
    ['DROP VIEW things', 'found a statement that begins with "drop", want one SELECT'],
    ['SELECT 1; SELECT 2', 'found 2 statements, want one SELECT'],
    ['SELECT 1, 2', 'found 2 columns, want one number'],
    ['SELECT a FROM things', 'found more than one row, want one number'],
    ['SELECT b FROM things', 'line 1: Referenced column "b" not found'],
    ["SELECT 'x'", "Could not convert string '...' to DOUBLE"],
    ["SELECT count(*) FROM read_csv('/etc/passwd')", 'Cannot access file "/etc/passwd"'],
    ['SELECT', 'SELECT clause without selection list'],
  ])('refuses the SQL %s, naming the rule', async (query, message) => {
    const error = await errorOf(inspect(values('1', '2'), checked({ kind: 'sql', query })));
    expect(error).toMatchObject({ code: 'DATA.CHECK', details: { check: 'a/rule' } });
    expect(error.message).toContain('Cannot check the rule "a/rule" with its SQL: ');
    expect(error.message).toContain(message);
  });

  it('refuses a pattern that RE2 does not know, naming the rule', async () => {
    const error = await errorOf(inspect(values("'x'"), valid({ pattern: '(?=x)x' })));
    expect(error).toMatchObject({ code: 'DATA.CHECK', details: { check: 'a/rule' } });
    expect(error.message).toMatch(/rule "a\/rule" with the pattern "\(\?=x\)x": invalid perl operator/);
  });
});

describe('inspectPart', () => {
  it.each<[Expectation, boolean]>([
    [{ operator: 'mustBe', value: 2 }, true],
    [{ operator: 'mustNotBe', value: 2 }, false],
    [{ operator: 'mustBeGreaterThan', value: 2 }, false],
    [{ operator: 'mustBeGreaterOrEqualTo', value: 2 }, true],
    [{ operator: 'mustBeLessThan', value: 2 }, false],
    [{ operator: 'mustBeLessOrEqualTo', value: 2 }, true],
    [{ operator: 'mustBeBetween', value: [2, 3] }, true],
    [{ operator: 'mustBeBetween', value: [3, 4] }, false],
    [{ operator: 'mustNotBeBetween', value: [1, 2] }, false],
    [{ operator: 'mustNotBeBetween', value: [3, 4] }, true],
  ])('holds two bad rows of five against %j', async (expected, isKept) => {
    const select = values('1', 'NULL', '3', 'NULL', '5');
    const rule = (expect: Expectation, unit: Check['unit']) =>
      checked({ kind: 'nulls', column: 'a' }, { expect, unit });
    expect((await inspect(select, rule(expected, 'rows'))).findings.length === 0).toBe(isKept);
    // Two of five are 40 %.
    const { operator, value } = expected;
    const times20 = { operator, value: Array.isArray(value) ? value.map((each) => each * 20) : Number(value) * 20 };
    expect((await inspect(select, rule(times20 as Expectation, 'percent'))).findings.length === 0).toBe(isKept);
  });

  it('keeps severities, and blocks where no row can be set aside', async () => {
    const contract: ContractTable = {
      columns: [
        { name: 'a', type: 'integer', required: true, roles: [], severity: 'quarantine' },
        { name: 'b', type: 'integer', required: true, roles: [], severity: 'quarantine' },
        { name: 'c', required: true, roles: [], severity: 'warn' },
      ],
      otherColumns: 'warn',
      checks: [
        {
          id: 'rows',
          measure: { kind: 'rowCount' },
          expect: { operator: 'mustBe', value: 9 },
          unit: 'rows',
          severity: 'quarantine',
        },
        { id: 'a/min', measure: { kind: 'invalid', column: 'a', valid: { min: 0 } }, ...NONE, severity: 'warn' },
        { id: 'z/min', measure: { kind: 'invalid', column: 'z', valid: { min: 0 } }, ...NONE, severity: 'quarantine' },
      ],
    };
    const select = `SELECT * FROM (VALUES (1.5, 'x', 0), (-1, 'y', 0)) t(a, b, d)`;
    const { findings, quarantine } = await inspect(select, contract);
    expect(findings.map(({ check, severity }) => [check, severity])).toEqual([
      ['c/missing', 'warn'],
      ['d/unexpected', 'warn'],
      ['a/type', 'quarantine'],
      ['b/type', 'block'],
      ['rows', 'block'],
      ['a/min', 'warn'],
      ['z/min', 'block'],
    ]);
    expect(quarantine.map(({ check }) => check)).toEqual(['a/type']);
  });

  it('profiles in the same pass, along the edges of an earlier profile', async () => {
    const first = await inspect('SELECT i AS a FROM range(1000) r(i)');
    const files = [await bench.parquet('next.parquet', 'SELECT i AS a FROM range(500, 1500) r(i)')];
    const { profile } = await inspectPart({ files, table: 'things', known: first.profile });
    expect(profile.rows).toBe(1000);
    expect(profile.columns[0]?.numbers?.max).toBe(1499);
    const edges = first.profile.columns[0]?.numbers?.histogram?.edges;
    expect(edges?.length).toBeGreaterThan(10);
    expect(profile.columns[0]?.numbers?.histogram?.edges).toEqual(edges);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const files = [await bench.parquet('stopped.parquet', values('1'))];
    await expect(inspectPart({ files, table: 'things' }, { signal: controller.signal })).rejects.toThrow('enough');
  });
});
