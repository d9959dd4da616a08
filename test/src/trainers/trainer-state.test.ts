import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readState } from '../../../src/trainers/trainer-state.js';

let job: string;
let state: string;
beforeEach(async () => {
  job = await mkdtemp(path.join(tmpdir(), 'perennial-state-'));
  state = path.join(job, 'output', 'state');
  await mkdir(state, { recursive: true });
});
afterEach(() => rm(job, { recursive: true, force: true }));

const about = async (content: object | string) =>
  await writeFile(path.join(state, 'about.json'), typeof content === 'string' ? content : JSON.stringify(content));

describe('what a trainer leaves for the next training', () => {
  it('comes back with what it says of itself', async () => {
    await about({ trees: 30, from: 20, anew: null, facts: {} });
    expect(await readState(job)).toEqual({ folder: state, trees: 30, from: 20 });
    await about({ trees: 10, from: 0, anew: 'x'.repeat(9999) });
    expect((await readState(job)).anew).toHaveLength(500);
  });

  it('is refused when it is not there, is no regular file, or says nothing', async () => {
    await expect(readState(job)).rejects.toThrow('output/state/about.json does not say what it is the state of');
    await about({ trees: 0, from: 0, anew: null });
    await expect(readState(job)).rejects.toThrow('does not say');
    await about('{"trees": 1');
    await expect(readState(job)).rejects.toThrow('does not say');
    await about({ trees: 1, from: 0, anew: null });
    await symlink('/etc/passwd', path.join(state, 'model.txt'));
    await expect(readState(job)).rejects.toThrow('output/state/model.txt is not a regular file');
    await rm(state, { recursive: true });
    await expect(readState(job)).rejects.toThrow('there is no folder output/state');
  });
});
