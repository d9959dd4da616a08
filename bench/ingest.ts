import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { moduleUrl } from '../src/module-url.js';
import { median } from './median.js';
import type { BenchRow } from './row.js';

const ROUNDS = 7;
const FORMATS = ['csv', 'parquet'] as const;
type Format = (typeof FORMATS)[number];

/**
 * Ingest of a file of 1 M flights into a part (checked, hashed, described) against one plain DuckDB `COPY` of the same
 * file, one after the other in turns, medians; then the memory of a process that ingests 4 M rows against 1 M.
 */
export async function benchIngest(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-bench-ingest-'));
  try {
    await writeFlights(folder);
    const rows: BenchRow[] = [];
    for (const format of FORMATS) rows.push(await speed(folder, format));
    for (const format of FORMATS) rows.push(await memory(folder, format));
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The flights of `vega-datasets` over and over, up to 1 and 4 million rows, in both formats. */
async function writeFlights(folder: string): Promise<void> {
  const flights = fileURLToPath(new URL('../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url));
  const { withDuckDb } = await import('../src/data/duckdb.js');
  const { quoteText } = await import('../src/data/sql-text.js');
  await withDuckDb({ folders: [folder, dirname(flights)], tempFolder: join(folder, 'spill') }, async (db) => {
    const all = `(SELECT * FROM ${quoteText(flights)} UNION ALL SELECT * FROM ${quoteText(flights)})`;
    for (const millions of [1, 4]) {
      for (const format of FORMATS) {
        const options = format === 'csv' ? 'FORMAT csv, HEADER' : 'FORMAT parquet, COMPRESSION zstd';
        const file = quoteText(inputFile(folder, format, millions));
        await db.run(`COPY (SELECT * FROM ${all} LIMIT ${millions}000000) TO ${file} (${options})`);
      }
    }
  });
}

async function speed(folder: string, format: Format): Promise<BenchRow> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  // One round to warm up.
  for (let round = -1; round < ROUNDS; round += 1) {
    const mine = await timed(async () => ingest(folder, format, 1));
    const plain = await timed(async () => plainCopy(folder, format));
    if (round < 0) continue;
    ours.push(mine);
    theirs.push(plain);
  }
  const [mine, plain] = [median(ours), median(theirs)];
  return {
    name: `ingest 1 M rows of ${format === 'csv' ? 'CSV' : 'Parquet'} / plain DuckDB COPY`,
    ratio: mine / plain,
    aim: 1.5,
    ours: mine,
    theirs: plain,
    unit: 'ms',
  };
}

async function ingest(folder: string, format: Format, millions: number): Promise<void> {
  const { ingestObject } = await import('../src/data/ingest.js');
  const file = inputFile(folder, format, millions);
  const object = { id: `flights.${format}`, version: '1', bytes: 0 };
  const input = { source: 'flights', object, file, sourceSha256: '0'.repeat(64), eventTime: 'date' };
  await ingestObject(input, join(folder, 'part.parquet'));
}

/** What anybody would write: open a DuckDB, copy the file, done. */
async function plainCopy(folder: string, format: Format): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const [from, to] = [inputFile(folder, format, 1), join(folder, 'copy.parquet')];
  await connection.run(`COPY (FROM '${from}') TO '${to}' (FORMAT parquet, COMPRESSION zstd)`);
  connection.disconnectSync();
  instance.closeSync();
}

/** Most memory of a process of its own that ingests once. */
async function memory(folder: string, format: Format): Promise<BenchRow> {
  const sizes = await Promise.all([1, 4].map(async (millions) => peakMegabytes(folder, format, millions)));
  const [one = 0, four = 0] = sizes;
  return {
    name: `memory of ingesting 4 M rows of ${format === 'csv' ? 'CSV' : 'Parquet'} / 1 M rows`,
    ratio: four / one,
    aim: 1.5,
    ours: four,
    theirs: one,
    unit: 'MB',
    note: 'flat is 1, in proportion to the rows is 4',
  };
}

async function peakMegabytes(folder: string, format: Format, millions: number): Promise<number> {
  const code = `
    const { ingestObject } = await import(${JSON.stringify(ingestModule())});
    const object = { id: 'flights.${format}', version: '1', bytes: 0 };
    const input = { source: 'flights', object, file: process.argv[1], sourceSha256: '0'.repeat(64), eventTime: 'date' };
    await ingestObject(input, process.argv[2]);
    console.log(process.resourceUsage().maxRSS);`;
  const out = join(folder, `part-${format}-${millions}.parquet`);
  const args = ['--input-type=module', '--eval', code, inputFile(folder, format, millions), out];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout) / 1024;
}

/** The compiled module: a child process does not read TypeScript. */
function ingestModule(): string {
  return moduleUrl(import.meta.url, '../src/data/ingest.js').href;
}

function inputFile(folder: string, format: Format, millions: number): string {
  return join(folder, `flights-${millions}m.${format}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
