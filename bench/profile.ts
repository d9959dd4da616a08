import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withDuckDb } from '../src/data/duckdb.js';
import { foundColumns } from '../src/data/found-column.js';
import { inspectPart } from '../src/data/inspect-part.js';
import { rowRules } from '../src/data/row-rule.js';
import { readParquet } from '../src/data/sql-text.js';
import type { TableProfile } from '../src/domain/profile.js';
import { moduleUrl } from '../src/module-url.js';
import { median } from './median.js';
import { byHand } from './profile-by-hand.js';
import { contract, writeRows } from './profile-data.js';
import { PEERS, peersPython, peerTime } from './profile-peers.js';
import type { BenchRow } from './row.js';

const MILLION = 1_000_000;
/** An even number: every other round goes the other way round. */
const ROUNDS = { small: 8, large: 4, peers: 3 } as const;

/**
 * Profile and 20 checks of a table of 15 columns, in milliseconds: with the edges of an earlier profile, as for every part
 * but the first of a source, and without; against one statement written by hand for that table, against `SUMMARIZE`,
 * which has fewer facts and no checks, and against Python tools, which only check.
 */
export async function benchProfile(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-bench-profile-'));
  try {
    const small = await writeRows(folder, MILLION);
    const large = await writeRows(folder, 10 * MILLION);
    const rows: BenchRow[] = [];
    const times = {
      small: await contest(small, ROUNDS.small),
      large: await contest(large, ROUNDS.large),
    };
    for (const [size, name] of [
      ['small', '1 M'],
      ['large', '10 M'],
    ] as const) {
      const { ours, first, hand, summarize } = times[size];
      const what = `profile and 20 checks of ${name} rows`;
      rows.push(compared(`${what} / one statement by hand`, ours, hand, 1.15));
      rows.push(compared(`${what} / SUMMARIZE`, ours, summarize, 0.5, 'which has no histograms and no checks'));
      rows.push(compared(`${what}, first of its source / one statement by hand`, first, hand, 1.15));
    }
    rows.push(growth(times.large.ours, times.small.ours));
    rows.push(await memory(small, large));
    rows.push(...(await peers(small)));
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const CONTENDERS = ['ours', 'first', 'hand', 'summarize'] as const;
type Times = Record<(typeof CONTENDERS)[number], Time[]>;

interface Time {
  readonly ms: number;
  /** Milliseconds of processor time, of all threads: what a machine with other work on it does not blur. */
  readonly cpu: number;
}

async function contest(file: string, rounds: number): Promise<Times> {
  const { profile: edges } = await inspectPart({ files: [file], table: 'rows' });
  const sql = { hand: byHand(file, edges), summarize: `SUMMARIZE SELECT * FROM read_parquet('${file}')` };
  const work = {
    ours: async () => inspect(file, edges),
    first: async () => inspect(file),
    hand: async () => plain(sql.hand),
    summarize: async () => plain(sql.summarize),
  };
  const times: Times = { ours: [], first: [], hand: [], summarize: [] };
  // One round to warm up.
  for (let round = -1; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed()) {
      const time = await timed(work[name]);
      if (round >= 0) times[name].push(time);
    }
  }
  return times;
}

async function inspect(file: string, known?: TableProfile): Promise<void> {
  const input = { files: [file], table: 'rows', contract: contract(), ...(known && { known }) };
  const { findings } = await inspectPart(input);
  if (findings.length > 0) throw new Error(`check the rows: found "${findings[0]?.message}", want no finding`);
}

async function plain(sql: string): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB' });
  const connection = await instance.connect();
  await connection.runAndReadAll(sql);
  connection.disconnectSync();
  instance.closeSync();
}

function compared(name: string, ours: readonly Time[], theirs: readonly Time[], aim: number, more?: string): BenchRow {
  const cpu = ratioOf(ours, theirs, 'cpu').toFixed(2);
  return {
    name,
    ratio: ratioOf(ours, theirs, 'ms'),
    aim,
    ours: median(ours.map(({ ms }) => ms)),
    theirs: median(theirs.map(({ ms }) => ms)),
    unit: 'ms',
    note: `processor time ${cpu}${more === undefined ? '' : `; ${more}`}`,
  };
}

/** Of rounds, not of medians: what loads the machine for a while loads both sides of a round. */
function ratioOf(ours: readonly Time[], theirs: readonly Time[], what: keyof Time): number {
  return median(ours.map((time, round) => time[what] / (theirs[round]?.[what] ?? Number.NaN)));
}

function growth(large: readonly Time[], small: readonly Time[]): BenchRow {
  const exponent = (what: keyof Time) =>
    Math.log10(median(large.map((time) => time[what])) / median(small.map((time) => time[what])));
  return {
    name: 'profile and 20 checks of 10 M rows / 1 M rows, exponent of the growth',
    ratio: exponent('ms'),
    aim: 1.02,
    ours: median(large.map(({ ms }) => ms)),
    theirs: median(small.map(({ ms }) => ms)),
    unit: 'ms',
    note: `of processor time ${exponent('cpu').toFixed(2)}`,
  };
}

/** Most memory of a process of its own that inspects once. */
async function memory(small: string, large: string): Promise<BenchRow> {
  const [one, ten] = [await peakMegabytes(small), await peakMegabytes(large)];
  return {
    name: 'memory of profile and 20 checks of 10 M rows / 1 M rows',
    ratio: ten / one,
    aim: 1.25,
    ours: ten,
    theirs: one,
    unit: 'MB',
    note: 'flat is 1, in proportion to the rows is 10',
  };
}

async function peakMegabytes(file: string): Promise<number> {
  const code = `
    const { inspectPart } = await import(${JSON.stringify(moduleUrl(import.meta.url, '../src/data/inspect-part.js').href)});
    await inspectPart({ files: [process.argv[1]], table: 'rows', contract: JSON.parse(process.argv[2]) });
    console.log(process.resourceUsage().maxRSS);`;
  const args = ['--input-type=module', '--eval', code, file, JSON.stringify(contract())];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return Number(stdout) / 1024;
}

async function peers(file: string): Promise<BenchRow[]> {
  const found = await peersPython();
  if ('missing' in found) {
    process.stderr.write(
      `bench profile: without great-expectations and pandera, as they cannot be installed: ${found.missing}\n`,
    );
    return [];
  }
  const rows: BenchRow[] = [];
  for (const peer of PEERS) {
    const [ours, whole, theirs]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < ROUNDS.peers; round += 1) {
      theirs.push(await peerTime(found.python, peer, file));
      ours.push((await timed(async () => checkAlone(file))).ms);
      whole.push((await timed(async () => inspect(file))).ms);
    }
    rows.push({
      name: `20 checks of 1 M rows, reading included / ${peer}`,
      ratio: median(ours) / median(theirs),
      aim: AIMS[peer],
      ours: median(ours),
      theirs: median(theirs),
      unit: 'ms',
      note: `with the profile, which it does not make, ${(median(whole) / median(theirs)).toFixed(2)}`,
    });
  }
  return rows;
}

/** pandera checks by Polars, which is as fast as DuckDB at what these checks ask. */
const AIMS = { 'great-expectations': 0.25, pandera: 1.5 } as const;

/** The rules as `inspectPart` asks for them, and nothing else. */
async function checkAlone(file: string): Promise<void> {
  await withDuckDb({ files: [file], folders: [], tempFolder: tmpdir() }, async (db) => {
    const relation = readParquet([file]);
    const rules = rowRules(contract(), await foundColumns(db, relation));
    const counts = rules.map(({ bad }) => (typeof bad === 'string' ? `count_if(${bad})::DOUBLE` : 'NULL'));
    const [found = []] = await db.rows(`SELECT ${counts.join(', ')} FROM ${relation}`);
    if (found.length !== 20 || found.some((count) => count !== 0))
      throw new Error(`check the rows: found ${found.join()}`);
  });
}

async function timed(work: () => Promise<void>): Promise<Time> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - start, cpu: (user + system) / 1000 };
}
