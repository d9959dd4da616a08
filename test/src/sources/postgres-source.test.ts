import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type PostgresServer } from '../../../src/dev/postgres.js';
import { SourceRefusedError, SourceUnavailableError } from '../../../src/errors.js';
import { openSource } from '../../../src/sources/index.js';
import { PostgresSource, type PostgresSourceOptions } from '../../../src/sources/postgres-source.js';
import { sourceContract } from '../../contracts/source.js';

let server: PostgresServer;
let admin: pg.Client;
let folder = '';
let count = 0;
const newFile = () => join(folder, `file-${(count += 1)}`);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-pg-'));
  server = await startPostgres();
  admin = new pg.Client({ connectionString: server.url });
  admin.on('error', () => undefined);
  await admin.connect();
});
afterAll(async () => {
  await admin?.end();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Makes a table and gives its name. */
async function table(columns: string, rows?: string): Promise<string> {
  const name = `table_${(count += 1)}`;
  await admin.query(`CREATE TABLE ${name} (${columns})`);
  if (rows) await admin.query(`INSERT INTO ${name} ${rows}`);
  return name;
}

const source = (query: string, cursor: string, options: Partial<PostgresSourceOptions> = {}) =>
  new PostgresSource({ url: server.url, query, cursor, ...options });

for (const cursor of ['id', 'entered'] as const) {
  sourceContract(`PostgresSource, by ${cursor}`, {
    missing: async () => source('SELECT * FROM nowhere', 'id'),
    place: async () => {
      const name = await table('id bigserial, entered timestamptz DEFAULT clock_timestamp(), note text');
      let [first, rows] = ['0', 0];
      return {
        open: () => source(`SELECT * FROM ${name}`, cursor),
        add: async (bytes = 200) => {
          rows = Math.ceil(bytes / 100);
          const added = await admin.query<{ id: string }>(
            `INSERT INTO ${name} (note) SELECT repeat(md5(n::text), 3) FROM generate_series(1, ${rows}) AS n RETURNING id`,
          );
          first = added.rows[0]?.id ?? '0';
        },
        // A row that was under way when the others were taken.
        change: async () => {
          await admin.query(
            `INSERT INTO ${name} (id, entered, note) SELECT id, entered, 'late' FROM ${name} WHERE id = ${first}`,
          );
        },
        removeLast: async () => {
          await admin.query(`DELETE FROM ${name} WHERE id >= ${first}`);
        },
      };
    },
  });
}

async function fetched(from: PostgresSource, index = 0): Promise<string> {
  const file = newFile();
  const listed = await from.list();
  await from.fetch(listed[index]!, file);
  return readFile(file, 'utf8');
}

describe('PostgresSource, slices', () => {
  it('names its slices by their bounds, exactly', async () => {
    const name = await table(
      'id int, entered timestamptz, day date, amount numeric',
      `VALUES
      (41, '2026-01-01 01:00:00.123456+01', '2026-01-01', 12345678901234567890.5), (7, '2025-12-31', '2025-12-30', -3)`,
    );
    const ids = async (cursor: string) => {
      const from = source(`SELECT * FROM ${name}`, cursor);
      const known = await from.list();
      await admin.query(
        `INSERT INTO ${name} VALUES (90, '2026-01-02 00:00:00+00', '2026-01-02', 12345678901234567890.6)`,
      );
      const listed = await from.list({ known });
      await admin.query(`DELETE FROM ${name} WHERE id = 90`);
      return listed.map(({ id }) => id).toSorted((a, b) => b.length - a.length);
    };
    expect(await ids('id')).toEqual(['rows after 41 to 90', 'rows to 41']);
    expect(await ids('entered')).toEqual([
      'rows after 2026-01-01T00:00:00.123456Z to 2026-01-02T00:00:00.000000Z',
      'rows to 2026-01-01T00:00:00.123456Z',
    ]);
    expect(await ids('day')).toEqual(['rows after 2026-01-01 to 2026-01-02', 'rows to 2026-01-01']);
    expect(await ids('amount')).toEqual([
      'rows after 12345678901234567890.5 to 12345678901234567890.6',
      'rows to 12345678901234567890.5',
    ]);
  });

  it('leaves rows that are younger than the lag, and those of a day that is not over, for later', async () => {
    const name = await table(
      'id serial, entered timestamptz, local timestamp, day date',
      `(entered, local, day)
      SELECT now() - n * interval '1 minute', (now() AT TIME ZONE 'UTC') - n * interval '1 minute',
             ((now() - n * interval '1 day') AT TIME ZONE 'UTC')::date FROM generate_series(-5, 60) AS n`,
    );
    const rows = async (cursor: string, lagMs: number) =>
      (await fetched(source(`SELECT * FROM ${name}`, cursor, { lagMs }))).trim().split('\n').length - 1;
    expect(await rows('entered', 0)).toBe(61);
    expect(await rows('entered', 9.5 * 60_000)).toBe(51);
    expect(await rows('local', 9.5 * 60_000)).toBe(51);
    expect(await rows('day', 0)).toBe(60);
    expect(await rows('day', 10 * 86_400_000)).toBe(50);
    expect(await rows('id', 10 * 86_400_000)).toBe(66);
  });

  it('reads a slice again that a late commit has changed, and takes each row once', async () => {
    const name = await table('id int, note text', `SELECT n, 'early' FROM generate_series(10, 100, 10) AS n`);
    const from = source(`SELECT * FROM ${name}`, 'id');
    let known = await from.list();
    for (let id = 110; id <= 150; id += 10) {
      await admin.query(`INSERT INTO ${name} VALUES (${id}, 'next')`);
      known = await from.list({ known });
    }
    await admin.query(`INSERT INTO ${name} VALUES (5, 'late'), (115, 'late'), (150, 'late')`);
    const now = await from.list({ known });
    const changed = now.filter(
      (object) => !known.some((each) => each.version === object.version && each.id === object.id),
    );
    expect(changed.map(({ id }) => id)).toEqual(['rows after 110 to 120', 'rows after 140 to 150', 'rows to 100']);
    const lines: string[] = [];
    for (const object of now) {
      const file = newFile();
      await from.fetch(object, file);
      lines.push(...(await readFile(file, 'utf8')).trim().split('\n').slice(1));
    }
    const { rows } = await admin.query<{ line: string }>(`SELECT id || ',' || note AS line FROM ${name}`);
    expect(lines.toSorted()).toEqual(rows.map(({ line }) => line).toSorted());
  });

  it('gives a slice another version when a row leaves it and another one comes late', async () => {
    const name = await table('id int, note text', `SELECT n, 'early' FROM generate_series(1, 10) AS n`);
    const from = source(`SELECT * FROM ${name}`, 'id');
    const known = await from.list();
    await admin.query(`INSERT INTO ${name} VALUES (20, 'next')`);
    const listed = await from.list({ known });
    await admin.query(`UPDATE ${name} SET id = 21 WHERE id = 3; INSERT INTO ${name} VALUES (0, 'late')`);
    const now = await from.list({ known: listed });
    expect(now.map(({ id }) => id)).toEqual(['rows after 10 to 20', 'rows after 20 to 21', 'rows to 10']);
    expect(now[0]).toEqual(listed[0]);
    expect(now[2]?.version).not.toBe(listed[1]?.version);
  });

  it('gives the same version whatever order the rows lie in, also where the hashes are negative or many', async () => {
    const [up, down] = await Promise.all(
      ['n', '-n'].map((order) =>
        table('at timestamptz', `SELECT to_timestamp(n) FROM generate_series(1, 20000) AS n ORDER BY ${order}`),
      ),
    );
    const stateOf = async (name: string) => (await source(`SELECT * FROM ${name}`, 'at').list())[0]?.version.slice(17);
    expect(await stateOf(up!)).toMatch(/^20000-\d{1,19}$/);
    expect(await stateOf(down!)).toBe(await stateOf(up!));
  });

  it('keeps the version of settled slices, and reads those anew that were taken before versions had a checksum', async () => {
    const name = await table('id int', 'VALUES (1)');
    const from = source(`SELECT * FROM ${name}`, 'id');
    let known = await from.list();
    for (let id = 2; id <= 9; id++) {
      await admin.query(`INSERT INTO ${name} VALUES (${id})`);
      known = await from.list({ known });
    }
    const old = known.map((object) => ({ ...object, version: object.version.replace(/-\d+$/, '') }));
    const now = await from.list({ known: old });
    expect(now.map(({ id }) => id)).toEqual(old.map(({ id }) => id));
    expect(now.filter(({ version }, at) => version === old[at]?.version).map(({ id }) => id)).toEqual(['rows to 1']);
  });

  it('takes a slice as it is when it is fetched, and says that by its version', async () => {
    const name = await table('id int', 'SELECT n FROM generate_series(1, 10) AS n');
    const from = source(`SELECT * FROM ${name}`, 'id');
    const [object] = await from.list();
    await admin.query(`INSERT INTO ${name} VALUES (0), (99)`);
    const file = newFile();
    const { version } = await from.fetch(object!, file);
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(13);
    const now = await from.list({ known: [{ ...object!, version: version! }] });
    expect(now[1]).toEqual({ id: 'rows to 10', version, bytes: 0 });
    expect(now[0]?.id).toBe('rows after 10 to 99');
  });

  it('fills the gap that a slice left of which all rows were deleted, when rows come there again', async () => {
    const name = await table('id int', `VALUES (1), (2)`);
    const from = source(`SELECT * FROM ${name}`, 'id');
    let known = await from.list();
    for (const id of [3, 5]) {
      await admin.query(`INSERT INTO ${name} VALUES (${id})`);
      known = await from.list({ known });
    }
    await admin.query(`DELETE FROM ${name} WHERE id = 3`);
    known = await from.list({ known });
    expect(known.map(({ id }) => id)).toEqual(['rows after 3 to 5', 'rows to 2']);
    expect(await from.list({ known })).toEqual(known);
    await admin.query(`INSERT INTO ${name} VALUES (3)`);
    expect((await from.list({ known })).map(({ id }) => id)).toEqual([
      'rows after 2 to 3',
      'rows after 3 to 5',
      'rows to 2',
    ]);
  });

  it('takes another query, or another cursor, for another table', async () => {
    const name = await table('id int, other int', 'VALUES (1, 10), (2, 20)');
    const known = await source(`SELECT * FROM ${name}`, 'id').list();
    for (const from of [source(`SELECT * FROM ${name} WHERE id > 0`, 'id'), source(`SELECT * FROM ${name}`, 'other')]) {
      const listed = await from.list({ known });
      expect(listed).toHaveLength(1);
      expect(listed[0]?.version).not.toBe(known[0]?.version);
      await expect(from.fetch(known[0]!, newFile())).rejects.toThrow(SourceRefusedError);
    }
  });
});

describe('PostgresSource, values', () => {
  it('writes every type as the reader wants it, and tells null from empty', async () => {
    const name = await table(
      `id int, big bigint, real float8, price numeric(10,2), yes bool, day date, at timestamptz, local timestamp,
       text text, code char(3), doc jsonb, span interval, list int[], raw bytea, "odd "", name" text`,
      `VALUES (1, 9223372036854775807, 0.1, 12.50, true, '2026-02-28', '2026-01-01 12:00:00.5+02', '2026-01-01 12:00',
         E'two\\nlines, "quoted"', 'ab', '{"b": 1, "a": [2]}', '1 day 2 hours', '{1,2}', '\\x00ff', ''),
        (2, NULL, 'NaN', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (3, -1, '-Infinity', 0, false, '1970-01-01', '1969-12-31 23:59:59.999999+00', '1970-01-01', '', '', '[]', '0', '{}', '', 'x')`,
    );
    const from = source(`SELECT * FROM ${name}`, 'id');
    expect(await fetched(from)).toBe(
      [
        'id,big,real,price,yes,day,at,local,text,code,doc,span,list,raw,"odd "", name"',
        '1,9223372036854775807,0.1,12.50,true,2026-02-28,2026-01-01 10:00:00.5,2026-01-01 12:00:00,"two\nlines, ""quoted""",ab,"{""a"": [2], ""b"": 1}",P1DT2H,"{1,2}",\\x00ff,""',
        '2,,NaN,,,,,,,,,,,,',
        '3,-1,-Infinity,0.00,false,1970-01-01,1969-12-31 23:59:59.999999,1970-01-01 00:00:00,"","",[],PT0S,{},\\x,x',
        '',
      ].join('\n'),
    );
    const [object] = await from.list();
    const { types } = await from.fetch(object!, newFile());
    expect(types).toEqual({
      id: 'integer',
      big: 'integer',
      real: 'number',
      price: 'number',
      yes: 'boolean',
      day: 'date',
      at: 'timestamp',
      local: 'timestamp',
      ...Object.fromEntries(
        ['text', 'code', 'doc', 'span', 'list', 'raw', 'odd ", name'].map((each) => [each, 'string']),
      ),
    });
  });

  it('gives the same bytes whatever order the rows lie in, and whatever the role has set', async () => {
    const columns = 'id int, at timestamptz, real float4, doc json';
    const rows = `SELECT n / 3, '2026-07-01'::timestamptz + n * interval '1 hour', n / 7.0, ('{"n": ' || n || '}')::json
                  FROM generate_series(1, 50) AS n ORDER BY`;
    const [up, down] = [await table(columns, `${rows} n`), await table(columns, `${rows} -n`)];
    const shown = 'SELECT *, at::text AS shown';
    const before = await fetched(source(`${shown} FROM ${up}`, 'id'));
    await admin.query(`ALTER ROLE perennial SET timezone = 'Asia/Tokyo'; ALTER ROLE perennial SET datestyle = 'German';
                       ALTER ROLE perennial SET extra_float_digits = -5`);
    try {
      expect(await fetched(source(`${shown} FROM ${down}`, 'id'))).toBe(before);
    } finally {
      await admin.query('ALTER ROLE perennial RESET ALL');
    }
  });
});

describe('PostgresSource, what cannot be', () => {
  it.each([
    ['no such table', 'SELECT * FROM nowhere', 'id', /relation "nowhere" does not exist/],
    ['two statements', 'SELECT 1 AS id; DROP TABLE keep_me', 'id', /multiple commands/],
    [
      'a way out of the brackets',
      'SELECT 1 AS id) AS x; DROP TABLE keep_me; SELECT * FROM (SELECT 1 AS id',
      'id',
      /syntax error/,
    ],
    ['a semicolon', 'SELECT 1 AS id;', 'id', /syntax error/],
    ['a write', 'DELETE FROM keep_me RETURNING id', 'id', /syntax error/],
    [
      'a write inside',
      'WITH x AS (DELETE FROM keep_me RETURNING id) SELECT * FROM x',
      'id',
      /data-modifying|read-only/,
    ],
    ['a function that writes', `SELECT nextval('keep_count') AS id`, 'id', /read-only transaction/],
    ['an open comment', 'SELECT 1 AS id /*', 'id', /unterminated/],
    ['a parameter', 'SELECT $1::int AS id', 'id', /parameter/],
    ['no cursor column', 'SELECT id AS number FROM keep_me', 'id', /no column "id", but number/],
    ['a cursor that is no number and no time', `SELECT 'a'::text AS id`, 'id', /cannot be a cursor/],
    ['two columns of a name', 'SELECT id, id FROM keep_me', 'id', /two columns "id"/],
    ['a null cursor', 'SELECT NULLIF(id, 2) AS id FROM keep_me', 'id', /rows where "id" is null/],
    ['a cursor that is no number', `SELECT 'NaN'::numeric AS id`, 'id', /found "NaN" as the greatest/],
    ['a failing expression', 'SELECT 1 / (id - id) AS id FROM keep_me', 'id', /division by zero/],
  ])('refuses %s, with what the server says', async (_, query, cursor, said) => {
    await admin.query('CREATE TABLE IF NOT EXISTS keep_me AS SELECT n AS id FROM generate_series(1, 3) AS n');
    await admin.query('CREATE SEQUENCE IF NOT EXISTS keep_count');
    const listing = source(query, cursor).list();
    await expect(listing).rejects.toThrow(SourceRefusedError);
    await expect(listing).rejects.toThrow(said);
    expect((await admin.query('SELECT count(*)::int AS n FROM keep_me')).rows).toEqual([{ n: 3 }]);
  });

  it('takes a query that ends in a comment', async () => {
    expect(await source('SELECT 1 AS id -- the end', 'id').list()).toHaveLength(1);
  });

  it('shows no password, whatever goes wrong', async () => {
    const wrong = new URL(server.url);
    wrong.password = 'hush-hush';
    const nobody = new URL(wrong);
    nobody.port = '9';
    for (const [url, type, said] of [
      [wrong.href, SourceRefusedError, /password authentication failed/],
      [wrong.href.replace('/postgres', '/nowhere'), SourceRefusedError, /failed|does not exist/],
      [nobody.href, SourceUnavailableError, /ECONNREFUSED/],
      [`${wrong.href}?sslmode=require`, SourceRefusedError, /SSL/],
    ] as const) {
      const from = source('SELECT 1 AS id', 'id', { url });
      const error = await from.list().then(
        () => new Error('it succeeded'),
        (caught: unknown) => caught as Error,
      );
      expect(error, url).toBeInstanceOf(type);
      expect(String(error)).toMatch(said);
      const shown = `${from.name} ${String(error)} ${JSON.stringify(error)} ${JSON.stringify(error.cause)} ${String(error.cause)}`;
      expect(shown).not.toContain('hush');
    }
  });

  it('takes its connection string from the environment, and says what is missing', async () => {
    const spec = { kind: 'postgres', connection: 'SHOP_DB', query: 'SELECT 1 AS id', cursor: 'id', lag: '0s' } as const;
    expect(await openSource(spec, { env: { SHOP_DB: server.url } }).list()).toHaveLength(1);
    expect(() => openSource(spec, { env: {} })).toThrow(/SHOP_DB is not set/);
    for (const value of ['hush-hush', 'http://hush-hush@host/', 'postgres://hush-hush:x@:99999/']) {
      expect(() => openSource(spec, { env: { SHOP_DB: value } }), value).toThrow(SourceRefusedError);
      expect(() => openSource(spec, { env: { SHOP_DB: value } })).not.toThrow(/hush/);
    }
  });
});

describe('PostgresSource, in the middle', () => {
  const sleeping = `SELECT n AS id FROM generate_series(1, 100000) AS n WHERE pg_sleep(0.01)::text = ''`;
  const backends = async (text: string) => {
    const { rows } = await admin.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid() AND state <> 'idle'`,
      [`%${text}%`],
    );
    return rows.map(({ pid }) => pid);
  };
  const until = async (look: () => Promise<boolean>) => {
    const deadline = Date.now() + 20_000;
    while (!(await look())) {
      if (Date.now() > deadline) throw new Error('waited too long');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  it('makes the server stop when it is told to stop', async () => {
    const reason = new Error('enough');
    const stop = new AbortController();
    const listing = source(`${sleeping} -- stop-me`, 'id').list({ signal: stop.signal });
    listing.catch(() => undefined);
    await until(async () => (await backends('count(%stop-me')).length > 0);
    stop.abort(reason);
    await expect(listing).rejects.toBe(reason);
    await until(async () => (await backends('stop-me')).length === 0);
  });

  it('can be tried again when the server cuts the connection', async () => {
    const listing = source(`${sleeping} -- cut-me`, 'id').list();
    listing.catch(() => undefined);
    await until(async () => (await backends('count(%cut-me')).length > 0);
    for (const pid of await backends('cut-me')) await admin.query('SELECT pg_terminate_backend($1)', [pid]);
    await expect(listing).rejects.toThrow(SourceUnavailableError);
  });

  it('can be tried again when the connection is cut in the middle of a slice, and leaves no file', async () => {
    const name = await table('id int, note text', `SELECT n, repeat('x', 1000) FROM generate_series(1, 30000) AS n`);
    const from = source(`SELECT * FROM ${name}`, 'id');
    const [object] = await from.list();
    const file = newFile();
    const fetching = from.fetch(object!, file);
    fetching.catch(() => undefined);
    await until(async () => (await backends(`COPY%${name}`)).length > 0);
    for (const pid of await backends(`COPY%${name}`)) await admin.query('SELECT pg_terminate_backend($1)', [pid]);
    await expect(fetching).rejects.toThrow(SourceUnavailableError);
    expect(await readdir(folder)).not.toContain(file.slice(folder.length + 1));
  });

  it('can be tried again while the server stops and starts', async () => {
    const own = await startPostgres();
    const from = source('SELECT 1 AS id', 'id', { url: own.url });
    expect(await from.list()).toHaveLength(1);
    await own.stop();
    await expect(from.list()).rejects.toThrow(SourceUnavailableError);
  });

  it('leaves no connection open', async () => {
    await source('SELECT 1 AS id', 'id').list();
    await until(async () => {
      const { rows } = await admin.query(`SELECT pid FROM pg_stat_activity WHERE application_name = 'perennial'`);
      return rows.length === 0;
    });
  });
});
