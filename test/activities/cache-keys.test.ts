import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CODE_FOLDERS, cacheCode } from '../../activities/cache-code.js';
import { evaluateFacts, searchFacts, splitFacts, trainFacts } from '../../activities/cache-keys.js';
import type { ActivityDeps } from '../../activities/deps.js';
import { register } from '../../activities/register.js';
import { promote } from '../../activities/promote.js';
import { defineModel } from '../../src/define-model.js';
import type { Ref } from '../../src/domain/artifact.js';
import type { CodeBundle } from '../../src/domain/code.js';
import { canonicalJson } from '../../src/domain/canonical.js';
import { openSource } from '../../src/sources/index.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { declaredBudget } from '../../src/resources/declared.js';
import { BlobCache, putManifest } from '../../src/stores/blobs.js';
import { FolderStore } from '../../src/stores/folder-store.js';
import { sharedLedgers } from '../../src/stores/shared-ledgers.js';
import { noCode } from '../support/no-code.js';
import { toySpec } from '../support/toy-data.js';

const signal = new AbortController().signal;
const digest = (digit: string): Ref => ({ key: `manifests/x/${digit}.json`, sha256: digit.repeat(64), bytes: 1 });

let folder: string;
let store: FolderStore;
let deps: ActivityDeps;
let identity: string[] | undefined = ['Python 3.11', 'scikit-learn-1.9.1'];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-keys-'));
  store = new FolderStore(path.join(folder, 'store'));
  deps = {
    store,
    cache: new BlobCache(store, path.join(folder, 'cache'), { maxBytes: 1e9 }),
    remembered: store,
    ledger: sharedLedgers(store),
    scratchFolder: path.join(folder, 'scratch'),
    openSource,
    ...noCode,
    budget: declaredBudget(),
    trainers: {
      other: { kind: 'other', train: async () => Promise.reject(new Error('never')), identity: async () => identity },
      process: {
        kind: 'process',
        train: async () => Promise.reject(new Error('never')),
        identity: async () => identity,
      },
      python: {
        kind: 'python',
        train: async () => Promise.reject(new Error('never')),
        identity: async () => identity,
      },
    },
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Change =
  | Partial<ModelSpecInput>
  | { readonly sql: string }
  | { readonly input: Partial<Record<'split' | 'train' | 'evaluate' | 'all', object>> };

/** The material of each step, as text, for a spec, an SQL and an input with these changes. */
async function materials(change: Change = {}) {
  const { all, ...input } = 'input' in change ? change.input : {};
  const sql = 'sql' in change ? change.sql : 'SELECT 1';
  const changes: Partial<ModelSpecInput> = 'input' in change || 'sql' in change ? {} : change;
  // The two do not go together.
  const searches = changes.trainer?.warmStart === undefined;
  const spec = await putManifest(store, 'spec', {
    spec: defineModel(toySpec('toy', 'data', { ...(searches && { search }), ...changes })),
    prepareSql: sql,
  });
  const common = { model: 'toy', run: 1, spec, ...all };
  const split = await splitFacts(deps, { ...common, snapshot: digest('a'), ...input.split }, signal);
  const searched = searches && (await searchFacts(deps, { ...common, split: digest('b'), ...input.train }, signal));
  const train = await trainFacts(deps, { ...common, split: digest('b'), timeoutMs: 1000, ...input.train }, signal);
  const evaluate = await evaluateFacts(
    deps,
    { ...common, split: digest('b'), bundle: digest('c'), ...input.evaluate },
    signal,
  );
  return {
    split: canonicalJson(split.material),
    search: canonicalJson(searched && searched.material),
    train: canonicalJson(train.material),
    evaluate: canonicalJson(evaluate.material),
  };
}

const toy = toySpec('toy', 'data');
const search = {
  sampler: 'random',
  trials: 5,
  space: { learning_rate: { type: 'float', low: 0.1, high: 1 } },
} as const;

describe('what a step depends on', () => {
  it.each<[what: string, steps: string, change: Change]>([
    ['the words of the objective', '', { objective: { statement: 'Something else.' } }],
    ['an owner', '', { owners: { ...toy.owners, data: 'dirk' } }],
    ['when it is run', '', { triggers: { cooldown: '5h' } }],
    ['how drift is told', '', { drift: { data: 'off' } }],
    ['the rollout', '', { rollout: { kind: 'direct', timeout: '5s' } }],
    ['what may be taken from the cache', '', { cache: { train: 'off' } }],
    ['where the files are', '', { sources: { visits: { kind: 'file', path: 'elsewhere' } } }],
    ['the contract, which made the snapshot', '', { contract: {} }],
    ['a threshold of the gate', '', { gate: { champion: { margin: 0.01 } } }],
    ['the number of the run', '', { input: { all: { run: 7 } } }],
    ['the price of computing', '', { cost: { cpuHour: 2 } }],
    ['the trials of a search', 'search', { search: { ...search, trials: 6 } }],
    [
      'the time that a trainer may take, which trials have too',
      'search',
      { trainer: { ...toy.trainer, timeout: '1h' } },
    ],
    ['the same, as the run has it', '', { input: { train: { timeoutMs: 7 } } }],
    ['the wish to do it anew', '', { input: { all: { cache: false } } }],
    ['the snapshot', 'split', { input: { split: { snapshot: digest('9') } } }],
    ['the SQL', 'split', { sql: 'SELECT 2' }],
    ['the end of time', 'split', { input: { split: { asOf: '2026-01-05T00:00:00.000Z' } } }],
    ['the windows', 'split', { split: { by: 'time', train: '11d', validation: '1d', test: '3d' } }],
    [
      'the event time of a source',
      'split',
      { sources: { visits: { kind: 'file', path: 'data', eventTime: { column: 'x' } } } },
    ],
    ['the name of a source', 'split', { sources: { others: { kind: 'file', path: 'data' } }, contract: {} }],
    ['the label', 'split search train evaluate', { task: { ...toy.task, label: 'paid' } }],
    ['the features', 'split search train evaluate', { task: { ...toy.task, features: ['price'] } }],
    [
      'the order of the features',
      'split search train evaluate',
      { task: { ...toy.task, features: ['price', 'channel', 'visits'] } },
    ],
    ['the seed', 'split search train evaluate', { trainer: { ...toy.trainer, seed: 8 } }],
    ['the kind of trainer', 'search train', { trainer: { ...toy.trainer, kind: 'other' } }],
    ['a parameter', 'search train', { trainer: { parameters: { max_iter: 21 } } }],
    ['a parameter of the run', 'search train', { input: { train: { parameters: { max_iter: 21 } } } }],
    [
      'the split',
      'search train evaluate',
      { input: { train: { split: digest('9') }, evaluate: { split: digest('9') } } },
    ],
    ['the candidate', 'evaluate', { input: { evaluate: { bundle: digest('9') } } }],
    ['the blocks', 'evaluate', { evaluation: { resamples: 200, blocks: ['channel'] } }],
    ['the resamples', 'evaluate', { evaluation: { resamples: 201 } }],
    ['a metric', 'evaluate', { evaluation: { resamples: 200, metrics: ['auc', 'brier'] } }],
  ])('%s: %s', async (_, steps, change) => {
    const [before, after] = await Promise.all([materials(), materials(change)]);
    const changed = Object.entries(before).filter(([step, text]) => after[step as keyof typeof after] !== text);
    expect(changed.map(([step]) => step).join(' ')).toBe(steps);
  });

  it('a parameter that the run sets to what the spec says already, changes nothing', async () => {
    const told = { input: { train: { parameters: { max_iter: 20 } } } };
    expect(await materials(told)).toEqual(await materials());
  });

  it('the champion: an evaluation, and a training that goes on from it', async () => {
    const before = await materials();
    const warm = { trainer: { estimator: 'lightgbm', warmStart: 'champion' } } as const;
    const warmBefore = await materials(warm);
    const decision = {
      model: 'toy',
      run: 1,
      workflowId: 'w',
      executionId: 'x',
      reason: 'good',
      evidence: { spec: 'a'.repeat(64) },
    };
    await register(deps, { ...decision, bundle: digest('d'), verdict: 'PROMOTE' });
    expect(await materials()).toEqual(before);
    await promote(deps, { ...decision, bundle: digest('d'), version: 1, replaces: 0 });
    const after = await materials();
    expect({ ...after, evaluate: before.evaluate }).toEqual(before);
    expect(after.evaluate).not.toBe(before.evaluate);
    const warmAfter = await materials(warm);
    expect([warmAfter.split, warmAfter.train === warmBefore.train]).toEqual([warmBefore.split, false]);
  });

  it('a library of the trainer: what it trains', async () => {
    const before = await materials();
    identity = ['Python 3.11', 'scikit-learn-1.9.2'];
    const after = await materials();
    expect({ ...after, search: before.search, train: before.train }).toEqual(before);
    expect([after.search === before.search, after.train === before.train]).toEqual([false, false]);
  });

  it("is not known of a trainer that does not say it, and of a program of the user's own", async () => {
    identity = undefined;
    expect((await materials()).train).toBe('"a trainer of kind \\"python\\" does not say what it is made of"');
    const { train } = await materials({ trainer: { command: ['./train.sh'] } });
    expect(train).toBe('"nobody knows which files trainer.command reads"');
  });
});

describe("a training by the user's own code", () => {
  const at = (digit: string): CodeBundle => ({
    ref: digest(digit),
    files: 1,
    lock: { file: 'uv.lock', sha256: 'e'.repeat(64) },
  });
  const own = { code: 'churn', command: ['./train.sh'], environment: { MODE: 'fast', TOKEN: { env: 'THEIRS' } } };

  async function material(trainer: ModelSpecInput['trainer'], code = at('c'), version = '3.11.7') {
    const asked: (string | undefined)[] = [];
    const python = `/env-${code.lock?.sha256 ?? 'none'}/${version}`;
    const ours: ActivityDeps = {
      ...deps,
      codeFolder: async () => '/unpacked',
      environment: async () => ({ python, version, bin: [path.dirname(process.execPath)] }),
      trainers: {
        process: {
          kind: 'process',
          train: async () => Promise.reject(new Error('never')),
          identity: async (given) => (asked.push(given), [String(given)]),
        },
      },
    };
    const spec = await putManifest(store, 'spec', { spec: defineModel(toySpec('toy', 'data', { trainer })), code });
    const facts = await trainFacts(ours, { model: 'toy', run: 1, spec, split: digest('b'), timeoutMs: 1000 }, signal);
    return { text: canonicalJson(facts.material), asked, python };
  }

  it('is known by the code, the lock, the interpreter and the variables that it is given', async () => {
    const { text, asked, python } = await material(own);
    expect(asked).toEqual([python]);
    expect((await material({ ...own, code: './elsewhere/churn' })).text).toBe(text);
    const others = [
      await material(own, at('9')),
      await material(own, { ...at('c'), lock: { file: 'uv.lock', sha256: 'f'.repeat(64) } }),
      await material(own, at('c'), '3.12.1'),
      await material({ ...own, command: ['./train.sh', '--fast'] }),
      await material({ ...own, environment: { ...own.environment, MODE: 'slow' } }),
      await material({ ...own, environment: { ...own.environment, TOKEN: { env: 'OTHERS' } } }),
    ];
    expect(new Set([text, ...others.map((each) => each.text)]).size).toBe(7);
  });

  it('does not depend on the value of a secret, which is not in it either', async () => {
    vi.stubEnv('THEIRS', 'hush-hush');
    const one = await material(own);
    vi.stubEnv('THEIRS', 'another');
    expect(await material(own)).toEqual(one);
    expect(one.text).not.toContain('hush-hush');
    vi.unstubAllEnvs();
  });

  it('is not known of a program of the machine, unless the lock or the interpreter says what it is', async () => {
    const machine = 'nobody knows what the program';
    expect((await material({ ...own, command: ['no-such-program'] })).text).toContain(machine);
    expect((await material({ ...own, command: ['/usr/bin/env'] })).text).toContain(machine);
    expect((await material({ ...own, command: ['node'] })).text).not.toContain(machine);
    const { lock: _, ...unlocked } = at('c');
    expect((await material({ ...own, command: ['node'] }, unlocked)).text).toContain(machine);
  });
});

describe('the code of a step', () => {
  it('is the same in every process, and another one for each step that another engine does', async () => {
    const [one, two] = [cacheCode(), cacheCode()];
    expect(await one('split')).toBe(await two('split'));
    expect(new Set([await one('split'), await one('train'), await one('evaluate')]).size).toBe(3);
  });

  it('has in it every module that the steps load', () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = readFileSync(path.join(root, file), 'utf8');
      const found = text.matchAll(
        /^(?:import|export) (?!type\b)[^;]*?from '(\.[^']+)'|import\('(\.[^']+)'\)|moduleUrl\([^,]+, '(\.[^']+)'\)/gm,
      );
      for (const [, ...names] of found) {
        const name = names.find((each) => each !== undefined) ?? '';
        visit(path.join(path.dirname(file), name.replace(/\.js$/, '.ts')));
      }
    };
    for (const step of ['split', 'train', 'evaluate']) visit(`activities/${step}.ts`);
    expect(seen.size).toBeGreaterThan(40);
    // They carry bytes and words, and change neither; gates only name the metrics that they look at, resources say where.
    const carriers =
      /^src\/(stores|gates|resources)\/|^src\/(errors|module-url|spec\/(nearest|invalid|path|issues|walk-schema))\.ts$/;
    const outside = [...seen].filter(
      (file) => !carriers.test(file) && !CODE_FOLDERS.some((each) => file.startsWith(`${each}/`)),
    );
    expect(outside).toEqual([]);
  });
});
