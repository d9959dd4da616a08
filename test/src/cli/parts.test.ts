import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import picocolors from 'picocolors';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ago } from '../../../src/cli/ago.js';
import { coloursFor } from '../../../src/cli/colours.js';
import { connectionOf } from '../../../src/cli/connection-options.js';
import { DEV_FOLDER, readDevSession, removeDevSession, writeDevSession } from '../../../src/cli/dev-session.js';
import { EXIT_CODES, exitCodeOf } from '../../../src/cli/exit-codes.js';
import { nearbySpec } from '../../../src/cli/nearby-spec.js';
import { npxText } from '../../../src/cli/npx-text.js';
import { reportError } from '../../../src/cli/report-error.js';
import { table } from '../../../src/cli/table.js';
import { StoreRefusedError } from '../../../src/errors.js';

const colours = picocolors.createColors(false);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

const long = 'a reason that goes on and on until no terminal has room for it any more';
const wide = { head: ['ID', 'REASON'], rows: [['perennial/returns/run/1', long]], mayCut: ['REASON'] };

test('a table fits a terminal by cutting what may be cut, and never an id', () => {
  const text = table({ isTty: true, width: 60, colours }, wide);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(text).toContain('perennial/returns/run/1');
  expect(text).toContain('…');
});

test('a table in a pipe is cut nowhere, and no line ends in spaces', () => {
  const text = table({ isTty: false, width: 60, colours }, wide);
  expect(text).toContain(long);
  expect(text).not.toMatch(/ $/m);
});

test('a table keeps its columns straight with colours in it', () => {
  const paint = picocolors.createColors(true);
  const rows = [
    [paint.green('ok'), 'x'],
    ['failed', 'y'],
  ];
  const lines = table({ isTty: false, width: 80, colours }, { head: ['A', 'B'], rows }).split('\n');
  expect(lines.map((line) => stripVTControlCharacters(line))).toStrictEqual(['A       B', 'ok      x', 'failed  y']);
});

test.each([
  [0, '0 s ago'],
  [59, '59 s ago'],
  [60, '1 min ago'],
  [7300, '2 h ago'],
  [3 * 86_400, '3 d ago'],
  [40 * 86_400, '2026-01-01'],
  [-5, '0 s ago'],
])('%s seconds ago is "%s"', (seconds, text) => {
  const then = Date.parse('2026-01-01T00:00:00Z');
  expect(ago('2026-01-01T00:00:00Z', then + seconds * 1000)).toBe(text);
});

test.each([
  [{}, true, true, true],
  [{}, false, true, false],
  [{ TERM: 'dumb' }, true, true, false],
  [{ NO_COLOR: '1' }, true, true, false],
  [{ NO_COLOR: '' }, true, true, true],
  [{ FORCE_COLOR: '1' }, false, true, true],
  [{ FORCE_COLOR: '0' }, true, true, false],
  [{ FORCE_COLOR: '1' }, true, false, false],
])('colours with %j, on a terminal %s, wanted %s: %s', (env, isTty, wanted, expected) => {
  expect(coloursFor({ env, isTty, wanted }).isColorSupported).toBe(expected);
});

test('where to connect: flags first, then the environment, then the defaults', () => {
  const flags: Record<string, string> = { address: 'flag:1' };
  const env = { TEMPORAL_ADDRESS: 'env:1', TEMPORAL_NAMESPACE: 'ns', PERENNIAL_STORE: '' };
  expect(connectionOf({ text: (name) => flags[name], env })).toMatchObject({
    address: 'flag:1',
    namespace: 'ns',
    taskQueue: 'perennial',
    store: undefined,
    fromDev: false,
  });
});

test('of one flag alone a dev session fills in the other, and keeps its credentials from another store', () => {
  const env = { TEMPORAL_ADDRESS: 'dev:1', PERENNIAL_STORE: 'http://dev/bucket', PERENNIAL_S3_ACCESS_KEY: 'key' };
  writeDevSession(path.join(folder, DEV_FOLDER), env);
  const cwd = vi.spyOn(process, 'cwd').mockReturnValue(folder);
  const given = (flags: Record<string, string>, own: Record<string, string> = {}) =>
    connectionOf({ text: (name) => flags[name], env: own });
  expect(given({})).toMatchObject({ address: 'dev:1', store: 'http://dev/bucket', env, fromDev: true });
  expect(given({ address: 'flag:1' })).toMatchObject({ address: 'flag:1', store: 'http://dev/bucket', env });
  expect(given({ store: 'http://dev/bucket' })).toMatchObject({ address: 'dev:1', env });
  const other = given({ store: 'http://flag/bucket' });
  expect(other).toMatchObject({ address: 'dev:1', store: 'http://flag/bucket', fromDev: false });
  expect(other.env).toStrictEqual({ TEMPORAL_ADDRESS: 'dev:1' });
  expect(given({ address: 'flag:1', store: 'folder:x' }).env).toStrictEqual({});
  expect(given({}, { TEMPORAL_ADDRESS: 'env:1' })).toMatchObject({ address: 'env:1', store: undefined });
  cwd.mockRestore();
});

test('a spec is found in a folder and right below it, and nowhere else', async () => {
  await mkdir(path.join(folder, 'shop', 'old'), { recursive: true });
  await writeFile(path.join(folder, 'shop', 'old', 'perennial.yaml'), '');
  expect(nearbySpec(folder)).toBeUndefined();
  await writeFile(path.join(folder, 'shop', 'perennial.yaml'), '');
  expect(nearbySpec(folder)).toBe(path.join('shop', 'perennial.yaml'));
  await writeFile(path.join(folder, 'perennial.yaml'), '');
  expect(nearbySpec(folder)).toBe('perennial.yaml');
});

test('only commands are named as npx takes them', () => {
  const env = { npm_lifecycle_event: 'x' };
  expect(npxText('Next: perennial run a\n(perennial dev)', env)).toBe('Next: npx perennial run a\n(npx perennial dev)');
  for (const text of ['npx perennial run a', 'a/perennial run', 'perennial is up', 'apply perennial.yaml']) {
    expect(npxText(text, env)).toBe(text);
  }
  expect(npxText('perennial run a', {})).toBe('perennial run a');
});

test('a dev session is found from its folder and below while its process lives, and only then', async () => {
  const inside = path.join(folder, DEV_FOLDER);
  writeDevSession(inside, { TEMPORAL_ADDRESS: 'dev:1' });
  expect(readDevSession(path.join(folder, 'a', 'b'))?.env).toStrictEqual({ TEMPORAL_ADDRESS: 'dev:1' });
  removeDevSession(inside);
  expect(readDevSession(folder)).toBeUndefined();
  await writeFile(path.join(inside, 'dev.json'), JSON.stringify({ process: { pid: 2 ** 22 + 1 }, env: {} }));
  expect(readDevSession(folder)).toBeUndefined();
  await writeFile(path.join(inside, 'dev.json'), 'not JSON');
  expect(readDevSession(folder)).toBeUndefined();
});

test("a dev session that is somebody else's is not trusted", () => {
  const inside = path.join(folder, DEV_FOLDER);
  writeDevSession(inside, { TEMPORAL_ADDRESS: 'dev:1' });
  const me = process.getuid?.() ?? 0;
  const getuid = vi.spyOn(process, 'getuid').mockReturnValue(me + 1);
  expect(readDevSession(folder)).toBeUndefined();
  getuid.mockRestore();
  expect(readDevSession(folder)).toBeDefined();
});

test('an error is told with what, why, where, fix and docs, and nothing twice', () => {
  const error = new StoreRefusedError('Cannot open "bucket": no credentials were found', {
    fix: 'Set them.',
    details: { bucket: 'bucket', host: 'example.com', parts: [1] },
    cause: new Error('403'),
  });
  const report = reportError(error, { colours, width: 80, debug: false });
  expect(report.exitCode).toBe(EXIT_CODES.expected);
  expect(report.text.split('\n')).toStrictEqual([
    'error STORE.REFUSED: Cannot open "bucket": no credentials were found',
    '  why: 403',
    '  where: host example.com',
    '  fix: Set them.',
    '  more: docs/errors.md#storerefused',
  ]);
  expect(report.document.error).toMatchObject({ code: 'STORE.REFUSED', fix: 'Set them.' });
});

test.each([
  ['SPEC.INVALID', 4],
  ['DATA.CONTRACT', 4],
  ['NOT.FOUND', 5],
  ['SERVICE.UNREACHABLE', 6],
  ['STORE.UNAVAILABLE', 6],
  ['USAGE.INVALID', 2],
  ['TRAIN.FAILED', 2],
])('an error of code %s ends the program with %i', (code, exitCode) => {
  expect(exitCodeOf(code)).toBe(exitCode);
});

test.each([new Error('odd'), 'a string', undefined, null])('what is no error of ours (%s) ends with 1', (thrown) => {
  const report = reportError(thrown, { colours, width: 80, debug: false });
  expect(report.exitCode).toBe(EXIT_CODES.bug);
  expect(report.document.error.code).toBe('INTERNAL');
});
