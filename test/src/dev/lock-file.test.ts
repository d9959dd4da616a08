import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { takeLockFile, type LockFile } from '../../../src/dev/lock-file.js';
import { markOf } from '../../../src/dev/process-alive.js';
import { temporaryFolder } from './stand-ins.js';

let file: string;
beforeEach(async () => {
  file = path.join(await temporaryFolder(), 'thing.lock');
});

it('a lock, held, names its holder to the next who asks, and is free after release', async () => {
  const lock = await taken();
  expect(await takeLockFile(file)).toEqual({ heldBy: [process.pid], owned: true });
  await lock.release();
  await (await taken()).release();
  expect(await readdir(path.dirname(file))).toEqual([]);
});

it('a lock, released twice, is not taken away from the one who has it now', async () => {
  const first = await taken();
  await first.release();
  await taken();
  await first.release();
  expect(await takeLockFile(file)).toMatchObject({ heldBy: [process.pid] });
});

it('a lock of a process that died is taken over by exactly one of many', async () => {
  await writeFile(file, JSON.stringify([await deadProcess()]));
  const answers = await Promise.all(Array.from({ length: 20 }, () => takeLockFile(file)));
  expect(answers.filter((answer) => 'release' in answer)).toHaveLength(1);
});

it('a lock whose process id now belongs to another process is taken over', async () => {
  const { started, ...mark } = markOf(process.pid);
  expect(started).toBeDefined();
  await writeFile(file, JSON.stringify([{ ...mark, started: '1' }]));
  expect('release' in (await takeLockFile(file))).toBe(true);
});

it('a lock whose taker died is still held while a second holder lives', async () => {
  const server = spawn('sleep', ['60']);
  await once(server, 'spawn');
  const pid = server.pid ?? 0;
  await writeFile(file, JSON.stringify([await deadProcess(), markOf(pid)]));
  expect(await takeLockFile(file)).toEqual({ heldBy: [pid], owned: false });
  server.kill('SIGKILL');
  await once(server, 'exit');
  expect('release' in (await takeLockFile(file))).toBe(true);
});

it('a lock file that holds no list is taken over', async () => {
  await writeFile(file, 'what');
  expect('release' in (await takeLockFile(file))).toBe(true);
});

async function taken(): Promise<LockFile> {
  const answer = await takeLockFile(file);
  if ('release' in answer) return answer;
  throw new Error(`held by ${answer.heldBy.join()}`);
}

async function deadProcess() {
  const child = spawn('true');
  await once(child, 'spawn');
  const mark = markOf(child.pid ?? 0);
  await once(child, 'exit');
  return mark;
}
