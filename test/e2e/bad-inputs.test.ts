import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/domain/run.js';
import { toyDay, toyDays } from '../support/toy-data.js';
import { startWorld, type ToyModel, type World } from '../support/world.js';

let world: World;
let model: ToyModel;
beforeAll(async () => {
  world = await startWorld();
  model = await world.applyToy('toy-bad', toyDays(14));
  await run();
});
afterAll(() => world.stop());

async function run(): Promise<unknown> {
  const answer = await world.client.requestTraining(model.name);
  if (answer.outcome === 'refused') throw new Error(answer.message);
  return await world.client.runResult(model.name, answer.run);
}

/** Runs once, expects a failure, and proves that nothing was published and the champion is the first version still. */
async function failedRun(): Promise<{ type: string; message: string; record: RunRecord }> {
  const before = await world.client.ledger(model.name);
  const error = (await run().then(
    () => undefined,
    (error: unknown) => error,
  )) as WorkflowFailedError | undefined;
  expect(error, 'the run must fail').toBeDefined();
  const after = await world.client.ledger(model.name);
  expect(after.entries).toEqual(before.entries);
  expect(after.state.champion?.version).toBe(1);
  const [record] = await world.client.runs(model.name, { limit: 1 });
  expect(record).toMatchObject({ outcome: 'FAILED' });
  expect(record!.evidence.bundle).toBeUndefined();
  const cause = error!.cause as unknown as { type: string; message: string };
  expect(cause.message).not.toMatch(/\n\s+at /);
  return { ...cause, type: cause.type, message: cause.message, record: record! };
}

const DAY = '2026-01-15';
const good = toyDay(DAY);
const [header, ...rows] = good.trimEnd().split('\n');

const files: readonly [what: string, name: string, content: string | Buffer, code: string, message: RegExp][] = [
  ['an empty file', 'csv', '', 'DATA.EMPTY', /empty|no rows/],
  ['a header without rows', 'csv', `${header}\n`, 'DATA.EMPTY', /no rows/],
  [
    'text in a number column',
    'csv',
    good.replace(/,(mail|search|shop),[\d.]+,/, ',mail,cheap,'),
    'DATA.UNREADABLE',
    /line \d+.*price|price.*line \d+/s,
  ],
  [
    'a column twice',
    'csv',
    [`${header},price`, ...rows.map((row) => `${row},1`)].join('\n'),
    'DATA.UNREADABLE',
    /price/,
  ],
  [
    'a column named __proto__',
    'csv',
    [`${header},__proto__`, ...rows.map((row) => `${row},1`)].join('\n'),
    'DATA.UNREADABLE',
    /__proto__/,
  ],
  [
    'bytes that are no UTF-8',
    'csv',
    Buffer.concat([Buffer.from(good), Buffer.from([0x32, 0xff, 0xfe, 0x2c, 0x0a])]),
    'DATA.UNREADABLE',
    /UTF-8/i,
  ],
  ['a quote that never closes', 'csv', good.replace(/,mail,/, ',"mail,'), 'DATA.UNREADABLE', /quote/i],
  [
    'a corrupt Parquet file',
    'parquet',
    Buffer.from('PAR1 and then nothing of the kind PAR1'),
    'DATA.UNREADABLE',
    /parquet/i,
  ],
];

describe('a run on bad data', () => {
  it.each(files)(
    'fails with a typed error on %s, publishes nothing and keeps the champion',
    async (...[, name, content, code, message]) => {
      const path = join(model.data, `${DAY}.${name}`);
      if (name === 'csv') await model.addDay(DAY, content);
      else await (await import('node:fs/promises')).writeFile(path, content);
      const failed = await failedRun();
      await rm(path);
      expect(failed.type).toBe(code);
      expect(failed.message).toMatch(message);
      expect(failed.message).toContain(DAY);
      expect({}).not.toHaveProperty('polluted');
    },
  );
});

const script = (code: string) => ({ command: [process.execPath, '-e', code], timeout: '30s' });

const trainers: readonly [
  what: string,
  trainer: { command: string[]; timeout: string },
  code: string,
  message: RegExp,
][] = [
  ['exits 0 without a model', script('0'), 'TRAIN.FAILED', /model\.onnx/],
  ['exits with 137', script('process.exit(137)'), 'TRAIN.FAILED', /137|memory/],
  [
    'prints garbage and fails',
    script('process.stdout.write(Buffer.alloc(100000, 0xff)); process.exitCode = 3'),
    'TRAIN.FAILED',
    /3/,
  ],
  [
    'leaves garbage for a model',
    script(
      "fs.writeFileSync('output/model.onnx', 'no model'); fs.writeFileSync('output/metrics.json', '{\"metrics\":{},\"versions\":{}}')",
    ),
    'MODEL.UNUSABLE',
    /./,
  ],
  ['never ends', { ...script('setInterval(() => {}, 1000)'), timeout: '2s' }, 'TRAIN.TIMEOUT', /2/],
];

describe('a run with a bad trainer', () => {
  it.each(trainers)(
    'fails with a typed error when it %s, publishes nothing and keeps the champion',
    async (...[, trainer, code, message]) => {
      await world.applyToy(model.name, [], { trainer });
      const failed = await failedRun();
      expect(failed.type).toBe(code);
      expect(failed.message).toMatch(message);
      expect(failed.record.failure).toMatchObject({ stage: 'train', code });
    },
  );
});
