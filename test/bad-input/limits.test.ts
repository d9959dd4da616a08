import { execFile } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { createGzip, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moduleUrl } from '../../src/module-url.js';
import { workbench, type Workbench } from '../src/data/data-job.js';

let bench: Workbench;
let good: readonly (readonly [string, string])[];
beforeAll(async () => {
  bench = await workbench();
  good = [
    ['good.csv', await written('a,b\n1,x\n')],
    ['good.jsonl', await written('{"a":1}\n')],
    ['good.parquet', await bench.parquet('good.parquet', 'SELECT 1 AS a')],
  ];
});
afterAll(() => bench.close());

const MB = 1_000_000;

/**
 * Each is ingested in a process of its own, which has ingested good files before: how much more memory it takes at its
 * peak, and how much time of the processor.
 */
describe('what is over a limit', () => {
  it.each<[what: string, id: string, file: () => Promise<string>, message: RegExp, megabytes?: number]>([
    ['a CSV field of 50 MB', 'x.csv', () => repeated('a,b\n1,', 'x', 50, '\n'), /line 2: the line is longer/],
    ['a CSV field of 50 MB in quotes', 'x.csv', () => repeated('a,b\n1,"', 'x', 50, '"\n'), /line is longer|line 2/],
    [
      'a CSV quote that opens 50 MB of lines',
      'x.csv',
      () => repeated('a,b\n1,"', 'x,y\n', 50, ''),
      /line 2: a quote/,
      128,
    ],
    ['a CSV line of 100 MB without an end', 'x.csv', () => repeated('', 'x', 100, ''), /first line is longer/],
    ['a CSV row of 100 MB behind a good one', 'x.csv', () => repeated('a,b\n1,x\n', '1,', 100, ''), /line is longer/],
    ['a CSV header of a million columns', 'x.csv', () => written(`${'c,'.repeat(999_999)}c\n`), /1000000 columns/],
    [
      'a JSON line of 100 MB',
      'x.jsonl',
      () => repeated('{"a":1}\n{"a":"', 'x', 100, '"}\n'),
      /line 2: the line is long/,
    ],
    [
      'a JSON text of 100 MB without an end',
      'x.jsonl',
      () => repeated('{"a":"', 'x', 100, ''),
      /line 1: the line is lon/,
    ],
    ['brackets without an end', 'x.jsonl', () => repeated('{"a":', '[', 100, ''), /line 1: /],
    [
      'a gzip file of 1 MB that unpacks to 1 GB',
      'x.csv.gz',
      () => zipped(1000),
      /more than .* bytes when it is unpacked/,
    ],
    [
      'a gzip file of gzip files',
      'x.csv.gz',
      async () => written(gzipSync(await readFile(await zipped(20)))),
      /packed twice/,
    ],
    [
      'a zstd file of 60 kB that unpacks to 2 GB',
      'x.csv.zst',
      () => written(zstdBomb(16_000)),
      /more than 67108864 bytes/,
    ],
    [
      'a zstd file of 60 kB with a window of 8 MB',
      'x.csv.zst',
      () => written(zstdBomb(16_000, 0x68)),
      /more than 67108864/,
    ],
    ['a Parquet file of 5 kB that unpacks to 100 MB', 'x.parquet', () => parquetBomb(), /100\d{6} bytes unpacked/],
    ['a Parquet footer that claims 2 million columns', 'x.parquet', () => lyingFooter(), /footer is damaged/],
  ])('%s is refused in little memory and time', async (_, id, file, message, megabytes = 64) => {
    const outcome = await inProcess(id, await file());
    expect(outcome).toMatchObject({ code: 'DATA.UNREADABLE', message: expect.stringMatching(message) as string });
    expect(outcome.megabytes).toBeLessThan(megabytes);
    expect(outcome.cpuSeconds).toBeLessThan(id.endsWith('.parquet') ? 1 : 5);
  });

  it('what is not is read in the same memory: 100 MB of CSV in gzip, and of JSON Lines', async () => {
    const numbers = Array.from({ length: 20_000 }, (_, n) => n * 7919);
    for (const [id, begin, rows] of [
      ['x.csv.gz', 'a,b\n', numbers.map((n) => `${n},some text ${n % 1000}\n`)],
      ['x.jsonl', '', numbers.map((n) => `{"a":${n},"b":"some text ${n % 1000}"}\n`)],
    ] as const) {
      const plain = await repeated(begin, rows.join(''), 100, '');
      const outcome = await inProcess(id, id.endsWith('.gz') ? await zipFile(plain) : plain);
      expect(outcome).toMatchObject({ code: 'read' });
      // DuckDB takes its 256 MB, whatever the size.
      expect(outcome.megabytes).toBeLessThan(400);
    }
  });
});

interface Outcome {
  readonly code: string;
  readonly message: string;
  readonly megabytes: number;
  readonly cpuSeconds: number;
}

async function inProcess(id: string, file: string): Promise<Outcome> {
  const module = moduleUrl(import.meta.url, '../../src/data/ingest.js').href;
  const code = `
    const { ingestObject } = await import(${JSON.stringify(module)});
    const ingest = (id, file, out) =>
      ingestObject({ source: 's', object: { id, version: '1', bytes: 1 }, file, sourceSha256: '0'.repeat(64) }, out);
    const [good, id, file, out] = JSON.parse(process.argv[1]);
    for (const [name, path] of good) await ingest(name, path, out);
    const [memory, cpu] = [process.resourceUsage().maxRSS, process.cpuUsage()];
    const error = await ingest(id, file, out).then(() => ({ code: 'read', message: '' }), (error) => error);
    const { user, system } = process.cpuUsage(cpu);
    const megabytes = (process.resourceUsage().maxRSS - memory) / 1024;
    console.log(JSON.stringify({ code: error.code, message: error.message, megabytes, cpuSeconds: (user + system) / 1e6 }));`;
  const job = JSON.stringify([good, id, file, bench.path('part.parquet')]);
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code, job]);
  return JSON.parse(stdout) as Outcome;
}

async function written(bytes: string | Uint8Array): Promise<string> {
  const file = bench.path('input');
  await writeFile(file, bytes);
  return file;
}

/** So many megabytes of the unit. */
async function repeated(begin: string, unit: string, megabytes: number, end: string): Promise<string> {
  const file = await written(begin);
  const handle = await open(file, 'a');
  const block = Buffer.from(unit.repeat(Math.ceil(MB / unit.length)));
  for (let count = 0; count < megabytes; count += 1) await handle.write(block);
  await handle.write(end);
  await handle.close();
  return file;
}

/** Zeros under a header. */
async function zipped(megabytes: number): Promise<string> {
  return zipFile(await repeated('a\n', '0', megabytes, '\n'));
}

async function zipFile(plain: string): Promise<string> {
  const [file, from, to] = [bench.path('packed'), await open(plain), createGzip()];
  await Promise.all([
    writeFile(file, to),
    (async () => {
      for await (const chunk of from.createReadStream())
        if (!to.write(chunk)) await new Promise((go) => to.once('drain', go));
      to.end();
    })(),
  ]);
  return file;
}

/** Blocks of 128 KiB, four bytes each, in one frame; a window of 1 MiB unless told. */
function zstdBomb(blocks: number, window = 0x50): Buffer {
  const block = Buffer.alloc(4);
  block.writeUIntLE((128 * 1024 * 8) | 2, 0, 3);
  block[3] = 0x30;
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, window]), ...Array<Buffer>(blocks).fill(block)]);
}

async function parquetBomb(): Promise<string> {
  const file = bench.path('bomb.parquet');
  await bench.query(
    `COPY (SELECT repeat('x', 1000000) || i AS s FROM range(100) r(i)) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`,
  );
  return file;
}

async function lyingFooter(): Promise<string> {
  const bytes = await readFile(good[2]?.[1] ?? '');
  const begin = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  const claim = Buffer.from([0xfc, 0xff, 0xff, 0x7f]);
  const footer = Buffer.concat([bytes.subarray(begin, begin + 3), claim, bytes.subarray(begin + 4, -8)]);
  const end = Buffer.from(bytes.subarray(-8));
  end.writeUInt32LE(footer.length, 0);
  return written(Buffer.concat([bytes.subarray(0, begin), footer, end]));
}
