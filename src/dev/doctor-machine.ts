import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Check } from './doctor.js';

const GIB = 1024 ** 3;

/** Is this Node new enough? */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const name = 'Node';
  if (major < 20 || (major === 20 && minor < 19)) {
    return { name, status: 'fail', found: `Node ${version}; wanted is >= 20.19`, fix: 'install Node 22 or 24' };
  }
  if (major > 20) return { name, status: 'pass', found: `Node ${version}` };
  const found = `Node ${version} works, but its line gets no fixes any more`;
  return { name, status: 'warn', found, fix: 'install Node 22 or 24' };
}

/** Packages that hand protobuf types to each other: two copies of version 8 make replay fail with "type must be a Type". */
const SHARING = ['@temporalio/common', '@temporalio/proto', '@temporalio/client', '@temporalio/worker'];

/** Do all parts of Temporal's SDK find the same protobufjs? */
export function checkProtobuf(from: string = import.meta.url): Check {
  const name = 'protobufjs';
  const copies = new Map<string, string>();
  const here = createRequire(from);
  try {
    for (const start of [from, ...SHARING.map((part) => here.resolve(part))]) {
      const file = createRequire(start).resolve('protobufjs/package.json');
      // A package.json has a version.
      copies.set(file, (createRequire(start)(file) as { version: string }).version);
    }
  } catch (error) {
    return { name, status: 'fail', found: messageOf(error), fix: 'install the packages again: npm ci' };
  }
  const versions = [...copies.values()];
  if (copies.size === 1) return { name, status: 'pass', found: `one protobufjs, ${versions.join()}` };
  const found = `${copies.size} copies (${versions.join(', ')}) where the Temporal SDK needs one: replaying a history would fail`;
  return { name, status: 'fail', found, fix: 'npm install protobufjs@8 in the project that runs the worker' };
}

/** Does the runtime that scores models load? */
export async function checkInference(load: () => Promise<unknown> = () => import('onnxruntime-node')): Promise<Check> {
  const name = 'onnxruntime';
  try {
    await load();
    return { name, status: 'pass', found: 'onnxruntime-node loads' };
  } catch (error) {
    const fix =
      'npm install onnxruntime-node, on a platform that it has a binary for (Linux, macOS or Windows, x64 or arm64)';
    return { name, status: 'fail', found: messageOf(error), fix };
  }
}

/** Is there room for snapshots and models? */
export async function checkDisk(folder: string, minimumBytes = GIB, comfortableBytes = 5 * GIB): Promise<Check> {
  const name = 'disk';
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const found = `${(free / GIB).toFixed(1)} GiB free at ${folder}`;
    if (free >= comfortableBytes) return { name, status: 'pass', found };
    return {
      name,
      status: free < minimumBytes ? 'fail' : 'warn',
      found,
      fix: 'make room, or choose a folder on another disk',
    };
  } catch (error) {
    return { name, status: 'fail', found: messageOf(error), fix: `create the folder: mkdir -p ${folder}` };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
