import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { processAlive } from '../../../src/dev/process-alive.js';
import { isRunning } from '../../../src/trainers/process-tree.js';
import { runCli, startCli, type RunningCli } from './run-cli.js';

/** One story, told in order: each test goes on where the one before ended. */
let folder: string;
let dev: RunningCli;
let up: { temporal: { address: string; uiUrl: string }; store: string; modelServer: string; pids: number[] };

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-cli-'));
  await runCli(['init', '--name', 'returns'], { cwd: folder });
  dev = startCli(['dev', '--store', 'folder', '--port', '0', '--json'], { cwd: folder });
  await dev.saying('\n}\n');
  up = JSON.parse(dev.output.stdout) as typeof up;
}, 600_000);

afterAll(async () => {
  dev.signal('SIGKILL');
  await dev.ended;
  await rm(folder, { recursive: true, force: true });
});

const cli = (...words: string[]) => runCli(words, { cwd: folder });
const json = async (...words: string[]): Promise<Record<string, unknown>> => {
  const { stdout } = await cli(...words, '--json');
  return JSON.parse(stdout) as Record<string, unknown>;
};

test('dev says where everything is, and leaves what other commands need, for this user only', async () => {
  expect(up).toMatchObject({ schemaVersion: 1, store: expect.stringMatching(/^folder /) as unknown });
  expect((await fetch(up.temporal.uiUrl)).status).toBe(200);
  expect((await fetch(`${up.modelServer}/v2/health/live`)).status).toBe(200);
  const session = path.join(folder, '.perennial', 'dev.json');
  expect((await stat(session)).mode & 0o777).toBe(0o600);
  expect(await readFile(session, 'utf8')).toContain(up.temporal.address);
});

test('a second dev in the folder, or one at a port that is taken, ends before it starts anything', async () => {
  const second = await cli('dev', '--store', 'folder', '--port', '0');
  expect(second).toMatchObject({ code: 2, stdout: '' });
  expect(second.stderr).toContain(
    `perennial dev runs here already (process ${dev.pid}, UI ${up.temporal.uiUrl}, server ${up.modelServer})`,
  );
  const elsewhere = await mkdtemp(path.join(tmpdir(), 'perennial-cli-'));
  const taken = await runCli(['dev', '--port', new URL(up.modelServer).port], { cwd: elsewhere });
  expect(taken).toMatchObject({ code: 2, stdout: '' });
  expect(taken.stderr).toContain('another program has it');
  expect(await readdir(elsewhere)).toStrictEqual([]);
  await rm(elsewhere, { recursive: true });
});

test('before anything is applied there are no models, and that is fine', async () => {
  expect(await cli('status')).toMatchObject({ code: 0, stdout: expect.stringContaining('No models yet') as unknown });
  expect(await json('status')).toStrictEqual({ schemaVersion: 1, models: [] });
  const unknown = await cli('status', 'returns');
  expect(unknown.code).toBe(5);
  expect(unknown.stderr).toContain('error NOT.FOUND: Cannot find model "returns"');
});

test('apply makes the model live, and a second time changes nothing', async () => {
  expect(await json('apply')).toMatchObject({ model: 'returns', loop: 'started', schedule: 'created' });
  expect(await json('apply', 'perennial.yaml')).toMatchObject({ loop: 'unchanged', schedule: 'unchanged' });
  expect((await cli('apply')).stdout).toContain('  model     there already, with this very spec: nothing changes\n');
});

test('apply of a spec with problems changes nothing and ends with 4', async () => {
  await writeFile(path.join(folder, 'bad.yaml'), 'name: x');
  const { code, stderr } = await cli('apply', 'bad.yaml');
  expect(code).toBe(4);
  expect(stderr).toContain('error SPEC.INVALID');
});

test('run --wait shows the stages and ends with the verdict of the first champion', async () => {
  const { code, stdout, stderr } = await cli('run', 'returns', '--wait', '--reason', 'the first', '--by', 'ada');
  expect(stderr).toContain('Started run 1');
  expect(stderr).toMatch(/^ {2}\d\d:\d\d:\d\d {2}train$/m);
  expect(stdout).toMatch(/^PROMOTE {2}/);
  expect(stdout).toContain('asked for  manual, by ada: the first');
  expect(stdout).toMatch(/^auc +0\.\d{4} \(0\.\d{4} to 0\.\d{4}\)/m);
  expect(code).toBe(0);
}, 180_000);

test('get takes an object by the digest that a run names, and refuses what is none', async () => {
  const { run } = (await json('show', 'returns', '1')) as { run: { evidence: { evaluation: string; bundle: string } } };
  const { evaluation, bundle } = run.evidence;
  expect(JSON.parse((await cli('get', evaluation)).stdout)).toMatchObject({ kind: 'evaluation', model: 'returns' });
  const { onnx } = JSON.parse((await cli('get', `manifests/bundle/${bundle}.json`)).stdout) as {
    onnx: { key: string };
  };
  expect(await cli('get', onnx.key)).toMatchObject({ code: 2, stdout: '' });
  expect((await cli('get', onnx.key, '-o', 'kept.onnx')).code).toBe(0);
  const again = await cli('get', onnx.key, '-o', 'kept.onnx');
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('there is such a file');
  expect((await cli('get', '0'.repeat(64))).code).toBe(5);
  expect((await cli('get', 'ledger/returns/000000000001.json')).code).toBe(2);
});

test('what was decided is in status, runs, show and log, as text and as JSON', async () => {
  expect((await cli('status')).stdout).toMatch(/^returns +v1 +\d+ s ago +waiting +1: PROMOTE/m);
  expect(await json('status', 'returns')).toMatchObject({
    status: { champion: { version: 1 }, loop: { paused: false } },
  });
  expect((await cli('runs', 'returns')).stdout).toMatch(/^1 +\d+ s ago +manual +PROMOTE +v1/m);
  expect(await json('runs', 'returns')).toMatchObject({ runs: [{ run: 1, outcome: 'PROMOTE' }], more: false });
  expect(await json('show', 'returns', 'latest')).toStrictEqual(await json('show', 'returns', '1'));
  expect((await cli('log', 'returns')).stdout).toMatch(/^2 +\S+ \S+ +promote v1 +perennial\/returns\/run\/1/m);
  expect(await json('log', 'returns')).toMatchObject({ entries: [{ generation: 1 }, { generation: 2 }], more: false });
  expect(await json('log', 'returns', '--limit', '1')).toMatchObject({ entries: [{ generation: 2 }], more: true });
  expect(await json('log', 'returns', '--verify')).toMatchObject({ whole: true, entries: 2, findings: [] });
});

test('the model server of dev answers with the champion', async () => {
  await expect
    .poll(async () => (await fetch(`${up.modelServer}/v2/models/returns`)).json(), { timeout: 20_000 })
    .toMatchObject({ name: 'returns' });
});

test('serve serves a model until it is asked to end, and says so', async () => {
  const server = startCli(['serve', 'returns', '--port', '0', '--json'], { cwd: folder });
  await server.saying('\n}\n');
  const { url } = JSON.parse(server.output.stdout) as { url: string };
  await expect.poll(async () => (await fetch(`${url}/v2/health/ready`)).status, { timeout: 20_000 }).toBe(200);
  const taken = await cli('serve', 'returns', '--port', new URL(url).port);
  expect(taken).toMatchObject({ code: 2, stdout: '' });
  expect(taken.stderr).toContain('another program has it');
  server.signal('SIGTERM');
  expect((await server.ended).code).toBe(0);
});

test('a file that breaks the contract fails the run with 4, and names the column and the owner', async () => {
  const next = path.join(folder, 'next-week', 'orders-2026-02-16.csv');
  const good = await readFile(next, 'utf8');
  await writeFile(path.join(folder, 'data', 'orders-2026-02-16.csv'), good.replaceAll(/^([^,]*,[^,]*,)[^,]*,/gm, '$1'));
  const { code, stdout } = await cli('run', 'returns', '--wait');
  expect(stdout).toMatch(/^FAILED/);
  expect(stdout).toContain('DATA.CONTRACT');
  expect(code).toBe(4);
  expect(stdout).toContain('channel');
  expect(stdout).toContain('the shop team');
  await rename(next, path.join(folder, 'data', 'orders-2026-02-16.csv'));
}, 180_000);

test('a model, run or number that is not there is said so, with the nearest name', async () => {
  for (const words of [
    ['status', 'retruns'],
    ['runs', 'retruns'],
    ['log', 'retruns'],
    ['log', 'retruns', '--verify'],
    ['run', 'retruns'],
    ['show', 'retruns', 'latest'],
  ]) {
    const { code, stderr } = await cli(...words);
    expect({ words, code }).toStrictEqual({ words, code: 5 });
    expect(stderr).toContain('did you mean "returns"?');
  }
  const far = await cli('status', 'something-else');
  expect(far.code).toBe(5);
  expect(far.stderr).toContain('Name one of the models that there are: returns');
  const nowhere = await cli('status', '--namespace', 'nowhere');
  expect(nowhere.code).toBe(5);
  expect(nowhere.stderr).toContain('error NOT.FOUND: Cannot find the namespace "nowhere"');
  expect((await cli('status', 'returns', '--namespace', 'nowhere')).code).toBe(5);
  expect((await cli('show', 'returns', '99')).code).toBe(5);
  expect((await cli('show', 'returns', 'x')).code).toBe(2);
  expect((await cli('runs', 'returns', '--limit', '0')).code).toBe(2);
  expect((await cli('run', 'returns', '--parameters', '[1]')).code).toBe(2);
  const unknown = await cli('run', 'returns', '--parameters', '{"max_itr": 9, "learning_rate": -1}');
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('max_itr: found "max_itr", which is no parameter of');
  expect(unknown.stderr).toContain('learning_rate: found -1, want a number');
});

test('Ctrl-C while waiting leaves the run alone and says how to find it', async () => {
  // Many trees keep the run under way until it has been looked at, and another one waits behind it.
  const trees = ['--parameters', '{"max_iter": 10000}'];
  const waiting = startCli(['run', 'returns', '--wait', ...trees], { cwd: folder });
  await waiting.saying('Started run 3');
  waiting.signal('SIGINT');
  const { code, stderr } = await waiting.ended;
  expect(code).toBe(130);
  expect(stderr).toContain('The run goes on. Its end: perennial show returns 3');
  const shown = await cli('show', 'returns', '3');
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/^Run 3 is under way \((stage [\w-]+, )?for \d+ s\)\n/);
  expect((await cli('run', 'returns')).stdout).toContain('Next: perennial show returns 4');
  expect(await json('show', 'returns', '4')).toMatchObject({ run: null, underWay: { run: 4, state: 'queued' } });
  expect((await cli('show', 'returns', 'latest')).stdout).toMatch(/^Run 3 is under way/);
  await applyOverRun3();
  const search = await cli('search', 'show', 'returns', 'latest');
  expect(search.code).toBe(5);
  expect(search.stderr).toContain(
    'Cannot show the search of run 3 of "returns": it has none; no run of this model has one',
  );
  expect((await cli('search', 'show', 'returns')).stderr).toContain('run 3 of "returns": it has none');
  const outcome = async () => ((await json('show', 'returns', '4'))['run'] as { outcome: string } | null)?.outcome;
  await expect.poll(outcome, { timeout: 90_000 }).toMatch(/^[A-Z]+$/);
}, 120_000);

/** As JSON and, back to the spec before, as text. */
async function applyOverRun3(): Promise<void> {
  const text = await readFile(path.join(folder, 'perennial.yaml'), 'utf8');
  await writeFile(path.join(folder, 'other.yaml'), text.replace('timeout: 10m', 'timeout: 11m'));
  const before = { spec: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown, changed: ['trainer.timeout'], run: 3 };
  expect(await json('apply', 'other.yaml')).toMatchObject({ loop: 'updated', before });
  const { stdout } = await cli('apply');
  expect(stdout).toMatch(/^ {2}model {5}there already, with the spec [0-9a-f]{12}: runs that start from now on/m);
  expect(stdout).toContain(
    '\n  changed   trainer.timeout\n  run       3 is under way and ends by the spec that it started with\n',
  );
}

test('a request that no worker takes says so, and how to start one', async () => {
  const text = await readFile(path.join(folder, 'perennial.yaml'), 'utf8');
  await writeFile(path.join(folder, 'lonely.yaml'), text.replace('name: returns', 'name: lonely'));
  const applied = await cli('apply', 'lonely.yaml', '--task-queue', 'nobody');
  expect(applied).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('nothing happens until one does') as unknown,
  });
  expect((await cli('status', 'lonely')).stdout).toContain('loop       no worker answers');

  const unchecked = ['--parameters', '{"max_itr": 9}'];
  const waiting = startCli(['run', 'lonely', '--task-queue', 'nobody', ...unchecked], { cwd: folder });
  await waiting.saying('No worker polls the task queue "nobody": this waits until one does');
  await waiting.saying('start one: perennial worker --task-queue nobody');
  waiting.signal('SIGINT');
  expect((await waiting.ended).code).toBe(130);

  const worker = startCli(['worker', '--task-queue', 'nobody'], { cwd: folder });
  await worker.saying('Working on the task queue "nobody"');
  await expect
    .poll(async () => (await cli('status', 'lonely')).stdout, { timeout: 30_000 })
    .toMatch(/run 1 under way|1: [A-Z]+,/);
  worker.signal('SIGTERM');
  expect((await worker.ended).code).toBe(0);
}, 120_000);

test('a worker that waits for work, has a Python host ready for its first training, and ends it', async () => {
  const worker = startCli(['worker', '--task-queue', 'idle'], { cwd: folder });
  await expect.poll(() => pythonHosts(worker.pid), { timeout: 30_000 }).toHaveLength(1);
  const [host = 0] = await pythonHosts(worker.pid);
  worker.signal('SIGTERM');
  expect((await worker.ended).code).toBe(0);
  // It may be importing libraries still, and looks up when it has.
  await expect.poll(() => isRunning(host), { timeout: 10_000 }).toBe(false);
}, 60_000);

test('doctor finds all of it well', async () => {
  const { well, checks } = (await json('doctor')) as { well: boolean; checks: { name: string; status: string }[] };
  expect(checks.filter(({ status }) => status === 'fail')).toStrictEqual([]);
  expect(well).toBe(true);
}, 120_000);

test('Ctrl-C ends dev and everything that it started', async () => {
  expect(up.pids.length).toBeGreaterThanOrEqual(2);
  dev.signal('SIGINT');
  const { code, stderr } = await dev.ended;
  expect({ code, trace: /^\s+at /m.test(stderr) }).toStrictEqual({ code: 130, trace: false });
  expect(up.pids.filter((pid) => processAlive({ pid }))).toStrictEqual([]);
  await expect(stat(path.join(folder, '.perennial', 'dev.json'))).rejects.toThrow('ENOENT');
});

test('without a Temporal, what needs it ends with 6 and says how to start one; what reads the store works', async () => {
  const store = `folder:${path.join(folder, '.perennial', 'store')}`;
  const { code, stderr } = await cli('status', '--store', store, '--address', '127.0.0.1:1');
  expect(code).toBe(6);
  expect(stderr).toContain('Cannot reach Temporal at 127.0.0.1:1');
  expect(stderr).toContain('perennial dev');
  expect((await cli('runs', 'returns', '--store', store, '--address', '127.0.0.1:1')).code).toBe(0);
  expect((await cli('log', 'returns', '--store', store, '--address', '127.0.0.1:1')).code).toBe(0);
  const lost = (await cli('status')).stderr;
  expect(lost).toContain('PERENNIAL_STORE is not set');
  expect(lost).toContain('fix: Start `perennial dev` in this folder');
});

/** Children of a worker that fork for trainings. */
async function pythonHosts(worker: number): Promise<number[]> {
  const children = (await readFile(`/proc/${worker}/task/${worker}/children`, 'utf8')).split(' ').filter(Boolean);
  const commands = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return children.filter((_, index) => commands[index]?.includes('perennial_trainer.host')).map(Number);
}
