import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface DemoDocument {
  readonly schemaVersion: number;
  readonly temporal: { readonly uiUrl: string };
  readonly weeks: readonly {
    readonly week: string;
    readonly trigger: string;
    readonly verdict: string;
    readonly rows: number;
    readonly liveVersion: number;
    readonly served: { readonly auc: number; readonly brier: number; readonly frozenBrier: number };
  }[];
  readonly ledger: readonly { readonly decision: { readonly kind: string } }[];
  readonly faults: readonly {
    readonly kind: string;
    readonly outcome: string;
    readonly code?: string;
    readonly happened: string;
  }[];
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-demo-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the demo, plays four weeks with every trouble and says what it measured', { timeout: 300_000 }, async () => {
  const { code, stdout, stderr } = await demo(['--weeks', '4', '--json']);
  expect(stderr).toContain('Week 4 of 4');
  const document = JSON.parse(stdout) as DemoDocument;
  expect(code, stderr).toBe(0);
  expect(document.schemaVersion).toBe(1);
  expect(document.temporal.uiUrl).toMatch(/^http:/);
  expect(document.weeks.map(({ week }) => week)).toEqual(['2001-01-15', '2001-01-22', '2001-01-29', '2001-02-05']);
  for (const { trigger, served } of document.weeks) {
    expect(trigger).toBe('schedule');
    expect(served.auc).toBeGreaterThan(0.75);
    expect(served.brier).toBeLessThan(0.15);
  }
  expect(document.weeks[0]?.verdict).toBe('PROMOTE');
  expect(document.weeks[0]?.served.brier).toBe(document.weeks[0]?.served.frozenBrier);

  const [column, shuffled, killed] = document.faults;
  expect(column).toMatchObject({ kind: 'missing-column', outcome: 'FAILED', code: 'DATA.CONTRACT' });
  expect(column?.happened).toMatch(/distance.*flight-data@example\.com/);
  expect(shuffled).toMatchObject({ kind: 'shuffled-labels', outcome: 'REJECT' });
  expect(killed?.kind).toBe('worker-killed');
  expect(killed?.outcome).not.toBe('FAILED');
  expect(document.ledger.filter(({ decision }) => decision.kind === 'reject')).toHaveLength(1);

  const svg = await readFile(path.join(folder, 'perennial-demo', 'quality.svg'), 'utf8');
  expect(svg).toContain('frozen first model');
  const png = await readFile(path.join(folder, 'perennial-demo', 'quality.png'));
  expect(png.subarray(1, 4).toString()).toBe('PNG');
});

test('the demo, ends everything it started when it is interrupted', { timeout: 120_000 }, async () => {
  const pids: number[] = [];
  const { code, stderr } = await demo(['--store', 'folder'], async (line, child) => {
    // In the middle of the first week: servers, worker and model server are there.
    if (!line.includes('Week 1 of')) return;
    pids.push(...(await descendants(child)));
    process.kill(child, 'SIGINT');
  });
  expect(code, stderr).toBe(130);
  expect(stderr).toMatch(/^Stopping \.\.\.$[^]*nothing is kept\.$/m);
  expect(pids.length).toBeGreaterThan(2);
  expect(pids.filter(isAlive)).toEqual([]);
});

test.each([
  [['--weeks', '3'], /Cannot play "3" weeks/],
  [['--store', 's3'], /want minio or folder/],
  [['--address', '127.0.0.1:7233'], /starts a Temporal of its own/],
])('the demo, refuses %s', async (args, message) => {
  const { code, stderr } = await demo(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

/** Runs `perennial demo` to its end, and hands over its lines meanwhile. */
async function demo(args: readonly string[], onLine?: (line: string, pid: number) => Promise<void>): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'demo', ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const line of text.split('\n')) void onLine?.(line, child.pid ?? 0);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

/** Every process below this one. */
async function descendants(pid: number): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(Number);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

/** What has ended but was not yet collected by its parent does not live. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
