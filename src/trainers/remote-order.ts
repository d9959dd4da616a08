import { createHash, randomUUID } from 'node:crypto';
import path from 'node:path';
import { create } from 'tar';
import { blobKey, type Ref, type Sha256 } from '../domain/artifact.js';
import { canonicalJson } from '../domain/canonical.js';
import { stagingPrefix, type Addressed } from '../domain/elsewhere.js';
import { TrainerFailedError } from '../errors.js';
import { CHECKPOINTS_FOLDER, placelessJob } from './job-file.js';
import type { RemoteTransfers } from './remote-transfers.js';
import { METRICS_BYTES, MODEL_BYTES } from './trainer-output.js';
import type { TrainingJob } from './trainer.js';

/** So many checkpoints are there at a time: one is being taken here while the far side writes others. */
const SLOTS = 4;
/** Addresses hold for the job twice over and a day in which it waits for a machine; S3 knows no longer ones than a week. */
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** The files of the output, with the most bytes that are taken of each. */
export const OUTPUTS = { 'model.onnx': MODEL_BYTES, 'metrics.json': METRICS_BYTES } as const;

/** A job as any machine can do it; what it takes is in the store already. */
export interface RemoteContent {
  /** Digest of all of it but what it goes on from: equal jobs are equal. */
  readonly sha256: Sha256;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<'train' | 'validation', Ref>>;
  readonly code?: Ref;
}

/** What stands ready for one submission of a job. */
export interface RemoteOrder {
  readonly order: Addressed;
  readonly prefix: string;
  readonly validMs: number;
}

/** Puts what the job reads into the store and describes it without naming this machine. */
export async function remoteContent(
  transfers: RemoteTransfers,
  job: TrainingJob,
  signal: AbortSignal,
): Promise<RemoteContent> {
  const [train, validation, code] = await Promise.all([
    transfers.keep(job.data.train, { signal }),
    transfers.keep(job.data.validation, { signal }),
    job.code && codeOf(transfers, job.code.sha256, signal),
  ]);
  const facts = {
    schemaVersion: 1,
    job: placelessJob(job),
    ...(job.command ? { command: commandOf(job) } : job.entry !== undefined && { entry: job.entry }),
    environment: job.environment,
    // What the far machine has under these names; the worker does not know the values.
    secrets: job.place?.['secrets'] ?? {},
    limits: job.limits,
    timeoutMs: job.timeoutMs,
    graceMs: job.graceMs,
  };
  const digests = { train: train.sha256, validation: validation.sha256, ...(code && { code: code.sha256 }) };
  const sha256 = createHash('sha256').update(canonicalJson({ facts, digests })).digest('hex');
  return { sha256, facts, data: { train, validation }, ...(code && { code }) };
}

/** Writes the order for one submission: addresses for all that the job takes and leaves. */
export async function writeOrder(
  transfers: RemoteTransfers,
  job: TrainingJob,
  content: RemoteContent,
  signal: AbortSignal,
): Promise<RemoteOrder> {
  const prefix = stagingPrefix(content.sha256, randomUUID());
  const validMs = Math.min(WEEK_MS, 2 * job.timeoutMs + DAY_MS);
  const read = (key: string) => transfers.address(key, 'read', validMs);
  const write = (key: string) => transfers.address(key, 'write', validMs);
  const both = async (key: string) => ({ get: await read(key), put: await write(key) });
  const addressed = async ({ key, sha256, bytes }: Ref): Promise<Addressed> => ({
    url: await read(key),
    sha256,
    bytes,
  });
  const { train, validation } = content.data;
  const resume = job.resume && (await putResume(transfers, job, prefix, signal));
  const outputs = Object.entries(OUTPUTS).map(async ([name, mostBytes]) => [
    name,
    { url: await write(`${prefix}${name}`), mostBytes },
  ]);
  const message = {
    ...content.facts,
    data: { train: await addressed(train), validation: await addressed(validation) },
    ...(content.code && { code: await addressed(content.code) }),
    // Not part of the digest above: the code has it.
    ...(job.code?.lock && { lock: job.code.lock }),
    ...(resume && { resume: { step: job.resume?.step, checkpoint: await addressed(resume) } }),
    upload: Object.fromEntries(await Promise.all(outputs)) as unknown,
    report: await both(reportKey(prefix)),
    checkpoints: await Promise.all(Array.from({ length: SLOTS }, (_, slot) => both(checkpointKey(prefix, slot)))),
  };
  const order = await transfers.put(`${prefix}message.json`, Buffer.from(JSON.stringify(message)), { signal });
  return { order: await addressed(order), prefix, validMs };
}

export function reportKey(prefix: string): string {
  return `${prefix}report.jsonl`;
}

export function checkpointKey(prefix: string, slot: number): string {
  return `${prefix}checkpoint-${slot}.tar`;
}

async function codeOf(transfers: RemoteTransfers, sha256: Sha256, signal: AbortSignal): Promise<Ref> {
  const found = await transfers.find(blobKey(sha256), sha256, { signal });
  if (found) return found;
  throw new TrainerFailedError(`Cannot train elsewhere: the code bundle ${sha256} is not in the store`, {
    fix: 'Apply the spec again.',
  });
}

/** Files of the code bundle are named relative to it: it is somewhere else there. */
function commandOf({ command = [], code }: TrainingJob): (string | { readonly code: string })[] {
  return command.map((word) => {
    if (!code || !/^\.{0,2}\//.test(word)) return word;
    const place = path.relative(code.folder, path.resolve(code.folder, word));
    return place.startsWith('..') || path.isAbsolute(place) ? word : { code: place };
  });
}

async function putResume(
  transfers: RemoteTransfers,
  job: TrainingJob,
  prefix: string,
  signal: AbortSignal,
): Promise<Ref> {
  const file = path.join(job.folder, 'resume.tar');
  const cwd = path.join(job.folder, CHECKPOINTS_FOLDER, job.resume?.name ?? '');
  await create({ file, cwd, portable: true }, ['.']);
  return await transfers.put(`${prefix}resume.tar`, file, { signal });
}
