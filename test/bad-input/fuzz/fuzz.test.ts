import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withDuckDb, type Db, type DuckDbOptions } from '../../../src/data/duckdb.js';
import { ingestThrough, type IngestInput } from '../../../src/data/ingest.js';
import { quoteText } from '../../../src/data/sql-text.js';
import type { ColumnType, SnapshotPart } from '../../../src/domain/data.js';
import { PerennialError } from '../../../src/errors.js';
import { csvText, Draw, jsonlText, mutated } from './generate.js';
import { referenceCsv } from './reference-csv.js';
import { referenceJsonl } from './reference-jsonl.js';
import { sameValue } from './same-value.js';
import { zstdOf } from './zstd-of.js';

/**
 * Files that are almost right, through the very code that reads objects, in one DuckDB for all of them. Each ends in a part
 * that holds what a plain reader finds in the file, or in a typed error, with no file left, in bounded time.
 *
 * `PERENNIAL_FUZZ_CASES` sets how many (100,000 in `npm run nightly`), `PERENNIAL_FUZZ_SEED` where they begin: a failure
 * names its seed, and with `PERENNIAL_FUZZ_CASES=6` it comes first.
 */
const CASES = Math.max(6, Number(process.env['PERENNIAL_FUZZ_CASES'] ?? 2000));
const SEED = Number(process.env['PERENNIAL_FUZZ_SEED'] ?? 1);
const SHARES = { csv: 0.2, tsv: 0.05, jsonl: 0.25, gzip: 0.15, zstd: 0.15, parquet: 0.2 } as const;
const TIMEOUT = 60_000 + CASES * 100;
/** Far more than any case takes, on a busy machine too. */
const CASE_TIMEOUT = 30_000;

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-fuzz-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('fuzzed objects', () => {
  it.each(Object.keys(SHARES) as (keyof typeof SHARES)[])(
    '%s: a part that holds what stands in the file, or a typed error',
    async (format) => {
      const memory = process.memoryUsage.rss();
      const counts = { parts: 0, refused: 0 };
      const shared = { folders: [folder], tempFolder: folder, memoryLimit: '256MB' };
      const make = await withDuckDb(shared, MAKERS[format]);
      const cases = Math.ceil(CASES * SHARES[format]);
      const seeds = Array.from({ length: cases }, (_, index) => SEED + cases - 1 - index);
      while (seeds.length > 0) {
        await withDuckDb(shared, async (db) => {
          // What DuckDB calls a fatal error ends this one, as it would end a job's own.
          for (let seed = seeds.pop(); seed !== undefined; seed = (await alive(db)) ? seeds.pop() : undefined) {
            const { kind, problem, bytes } = await check(db, make(new Draw(seed)));
            counts[kind] += 1;
            if (problem === undefined) continue;
            expect.fail(`${format}, PERENNIAL_FUZZ_SEED=${seed}: ${problem}\n${bytes.toString('base64')}`);
          }
        });
      }
      // Neither outcome is what everything ends in, or the property says nothing.
      const least = CASES >= 1000 ? CASES * SHARES[format] * 0.05 : 0;
      expect(Math.min(counts.parts, counts.refused), JSON.stringify(counts)).toBeGreaterThanOrEqual(least);
      expect((process.memoryUsage.rss() - memory) / 1e6).toBeLessThan(600);
    },
    TIMEOUT,
  );
});

async function alive(db: Db): Promise<boolean> {
  return await db.rows('SELECT 1').then(
    () => true,
    () => false,
  );
}

interface Case {
  readonly id: string;
  readonly bytes: Buffer;
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** What the file may hold, by column; undefined for what is no such file. Without it any part will do. */
  readonly holds?: () => readonly (Held | undefined)[];
}

interface Held {
  readonly names: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

type Outcome = { kind: 'parts' | 'refused'; problem?: string; bytes: Buffer };

async function check(db: Db, { id, bytes, types, holds }: Case): Promise<Outcome> {
  // Names of its own: DuckDB keeps what it has read of a file.
  const [file, out] = [join(folder, `input-${(count += 1)}`), join(folder, `part-${count}.parquet`)];
  await writeFile(file, bytes);
  const input: IngestInput = {
    source: 's',
    object: {
      id,
      version: '1',
      bytes: bytes.length,
    },
    file,
    sourceSha256: '0'.repeat(64),
    ...(types && { types }),
  };
  const shared = <T>(_: DuckDbOptions, job: (db: Db) => Promise<T>) => job(db);
  let [kind, problem]: [Outcome['kind'], string | undefined] = ['parts', undefined];
  try {
    const part = await ingestThrough(shared, input, out, { signal: AbortSignal.timeout(CASE_TIMEOUT) });
    problem = holds && (await differences(db, part, out, holds()));
    await rm(out);
  } catch (error) {
    kind = 'refused';
    const typed = error instanceof PerennialError && error.code.startsWith('DATA.') && error.next === 'fail';
    if (!typed) problem = `ended in ${String(error)}`;
  }
  await rm(file);
  const left = await readdir(folder);
  if (left.length > 0) problem ??= `left ${left.join(', ')}`;
  return { kind, bytes, ...(problem !== undefined && { problem }) };
}

/** None, when the part is one of those that it may be. */
async function differences(
  db: Db,
  part: SnapshotPart,
  out: string,
  held: readonly (Held | undefined)[],
): Promise<string | undefined> {
  const found: (string | undefined)[] = [];
  for (const one of held) found.push(await difference(db, part, out, one));
  return found.includes(undefined) ? undefined : found[0];
}

async function difference(
  db: Db,
  part: SnapshotPart,
  out: string,
  held: Held | undefined,
): Promise<string | undefined> {
  if (!held) return 'gave a part, and is no such file';
  const names = part.columns.map(({ name }) => name);
  if (JSON.stringify(names) !== JSON.stringify(held.names)) return `gave the columns ${JSON.stringify(names)}`;
  // With a mark before it: DuckDB's client drops a byte-order mark at the beginning of a text.
  const rows = await db.rows(`SELECT '>' || COLUMNS(*)::VARCHAR FROM read_parquet(${quoteText(out)})`);
  if (rows.length !== held.rows.length || part.rows !== rows.length) {
    return `gave ${rows.length} rows (${part.rows}), and has ${held.rows.length}`;
  }
  for (const [index, row] of rows.entries()) {
    for (const [column, { name, type }] of part.columns.entries()) {
      const inFile = held.rows[index]?.[column] ?? null;
      const inPart = row[column]?.toString().slice(1) ?? null;
      if (!sameValue(type, inFile, inPart)) {
        return `row ${index + 1}, ${name} (${type}): ${JSON.stringify(inFile)} became ${JSON.stringify(inPart)}`;
      }
    }
  }
  return undefined;
}

const HOSTILE = [
  ['"', '""', ',', '\n', '\r', '\r\n', '\t', ';', '\0', '\ufeff', '\\', ' ', "'", '\u202e', '{', '}', '[', ']', ':'],
  ['null', 'NaN', '1e999', '0x1', '_', '-', '\\u0000', '\\ud800', '9'.repeat(40), '[['.repeat(60), '"a":1,'],
  [Buffer.from([0xff]), Buffer.from([0xc3]), Buffer.from([0xed, 0xa0, 0x80])],
].flat();
const PACKED_HOSTILE = ['1f8b', '28b52ffd', '00', 'ffffffff', '502a4d18'].map((bytes) => Buffer.from(bytes, 'hex'));
const TYPES = ['string', 'integer', 'number', 'boolean', 'timestamp', 'date'] as const;

function declared(draw: Draw): Readonly<Record<string, ColumnType>> | undefined {
  if (draw.chance(0.5)) return undefined;
  const all = draw.chance(0.3) ? 'string' : undefined;
  return Object.fromEntries(['c0', 'c1', 'c2', 'c3', 'c4'].map((name) => [name, all ?? draw.from(TYPES)]));
}

function csvCase(draw: Draw, format: 'csv' | 'tsv'): Case {
  const delimiter = format === 'tsv' ? '\t' : ',';
  const text = Buffer.from(csvText(draw, delimiter));
  const bytes = draw.chance(0.3) ? text : mutated(draw, text, HOSTILE);
  const types = declared(draw);
  return { id: `x.${format}`, bytes, ...(types && { types }), holds: () => [heldByCsv(bytes, format)] };
}

/** The delimiter that stands in the first line most often. */
function heldByCsv(bytes: Buffer, format: 'csv' | 'tsv'): Held | undefined {
  if (format === 'tsv') return referenceCsv(bytes, '\t');
  const first =
    bytes
      .toString('latin1')
      .replaceAll(/"[^"]*"/g, '')
      .split(/[\r\n]/)[0] ?? '';
  const counts = [',', ';', '\t', '|'].map((delimiter) => first.split(delimiter).length);
  return referenceCsv(bytes, [',', ';', '\t', '|'][counts.indexOf(Math.max(...counts))] ?? ',');
}

function heldByJsonl(bytes: Buffer): Held | undefined {
  const rows = referenceJsonl(bytes);
  const names = rows && [...new Set(rows.flatMap((row) => [...row.keys()]))];
  return rows && names && { names, rows: rows.map((row) => names.map((name) => row.get(name)?.text ?? null)) };
}

/** What is unpacked is what was packed, or the check would not fit; but a cut between two members leaves a sound file. */
function packedCase(draw: Draw, ending: 'gz' | 'zst', pack: (bytes: Buffer, draw: Draw) => Buffer): Case {
  const plain = Buffer.from(`${csvText(draw, ',')}\n`.repeat(1 + draw.below(3)));
  const cut = draw.chance(0.3) ? draw.below(plain.length) : 0;
  const halves = [plain.subarray(0, cut), plain.subarray(cut)];
  const packed = Buffer.concat(halves.filter((half) => half.length > 0).map((half) => pack(half, draw)));
  const bytes = draw.chance(0.2) ? packed : mutated(draw, packed, PACKED_HOSTILE);
  const holds = () => [plain, ...halves].map((text) => heldByCsv(text, 'csv'));
  return { id: `x.csv${draw.chance(0.8) ? `.${ending}` : ''}`, bytes, holds };
}

const MAKERS: Record<keyof typeof SHARES, (db: Db) => Promise<(draw: Draw) => Case>> = {
  csv: () => Promise.resolve((draw) => csvCase(draw, 'csv')),
  tsv: () => Promise.resolve((draw) => csvCase(draw, 'tsv')),
  jsonl: () =>
    Promise.resolve((draw) => {
      const text = Buffer.from(jsonlText(draw));
      const bytes = draw.chance(0.3) ? text : mutated(draw, text, HOSTILE);
      const types = declared(draw);
      return { id: 'x.jsonl', bytes, ...(types && { types }), holds: () => [heldByJsonl(bytes)] };
    }),
  gzip: () => Promise.resolve((draw) => packedCase(draw, 'gz', (bytes) => gzipSync(bytes))),
  zstd: () => Promise.resolve((draw) => packedCase(draw, 'zst', zstdOf)),
  parquet: async (db) => {
    const files = await parquetFiles(db);
    return (draw) => {
      const whole = draw.from(files);
      const footer = whole.readUInt32LE(whole.length - 8) + 8;
      // Mostly the footer: there the lengths and counts are.
      const at = draw.chance(0.7) ? whole.length - footer : 4;
      const changed = Buffer.concat([whole.subarray(0, at), mutated(draw, whole.subarray(at, -8), PACKED_HOSTILE)]);
      const end = Buffer.from(whole.subarray(-8));
      if (at > 4) end.writeUInt32LE(changed.length - at, 0);
      return { id: 'x.parquet', bytes: draw.chance(0.05) ? whole : Buffer.concat([changed, end]) };
    };
  },
};

async function parquetFiles(db: Db): Promise<Buffer[]> {
  const { readFile } = await import('node:fs/promises');
  const made: Buffer[] = [];
  for (const [codec, select] of [
    [
      'zstd',
      `SELECT i AS n, 'row ' || i AS s, i / 3.0 AS x, TIMESTAMP '2001-01-01' + INTERVAL (i) MINUTE AS t FROM range(3000) r(i)`,
    ],
    ['snappy', `SELECT i % 3 AS n, 'row ' || (i % 7) AS s, i % 2 = 0 AS b, NULL::INTEGER AS e FROM range(3000) r(i)`],
    ['gzip', `SELECT [i, i + 1] AS l, {'a': i, 'b': [{'c': 'x'}]} AS s, i::DECIMAL(18, 3) AS d FROM range(500) r(i)`],
    [
      'uncompressed',
      `SELECT i::UTINYINT AS u, DATE '2001-01-01' + i::INTEGER AS d, uuid() AS id, 'b'::BLOB AS b FROM range(200) r(i)`,
    ],
  ] as const) {
    const file = join(folder, 'made.parquet');
    await db.run(`COPY (${select}) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE 2048)`);
    made.push(await readFile(file));
    await rm(file);
  }
  return made;
}
