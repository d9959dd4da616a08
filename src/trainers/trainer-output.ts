import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { OUTPUT_FOLDER } from './job-file.js';
import type { TrainingOutput } from './trainer.js';

export const MODEL_BYTES = 512 * 1024 * 1024;
export const METRICS_BYTES = 1024 * 1024;
const MOST_ENTRIES = 200;
const NAME = /^[A-Za-z][A-Za-z0-9_.@-]{0,63}$/;
export const VERSION_LENGTH = 100;

/** Why a trainer's output cannot be taken, in half a sentence. */
export class OutputProblem extends Error {}

/**
 * Checks what a trainer left in `output/` and reads its metrics. Only regular files count: a link or a pipe could name or
 * hold anything of this machine.
 * @throws OutputProblem
 */
export async function readOutput(folder: string): Promise<Omit<TrainingOutput, 'usage'>> {
  const output = path.join(folder, OUTPUT_FOLDER);
  const facts = await lstat(output).catch(() => undefined);
  if (facts?.isDirectory() !== true) throw new OutputProblem(`${OUTPUT_FOLDER}/ is not a folder any more`);
  const model = path.join(output, 'model.onnx');
  await withFile(model, MODEL_BYTES, () => Promise.resolve());
  const text = await withFile(path.join(output, 'metrics.json'), METRICS_BYTES, (file) => file.readFile('utf8'));
  return { model, ...readMetrics(text) };
}

/** Opens without following a link or waiting for a pipe's other end, and looks at what was opened. */
async function withFile<T>(file: string, maxBytes: number, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const shown = `${OUTPUT_FOLDER}/${path.basename(file)}`;
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: NodeJS.ErrnoException) => {
      throw new OutputProblem(whyUnopened(shown, error));
    },
  );
  try {
    const { size, isRegular } = await handle.stat().then((facts) => ({ size: facts.size, isRegular: facts.isFile() }));
    if (!isRegular) throw new OutputProblem(`${shown} is not a regular file`);
    if (size === 0) throw new OutputProblem(`${shown} is empty`);
    if (size > maxBytes) throw new OutputProblem(`${shown} has ${size} bytes, and at most ${maxBytes} are taken`);
    return await use(handle);
  } finally {
    await handle.close();
  }
}

function whyUnopened(shown: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `there is no ${shown}`;
  if (error.code === 'ELOOP' || error.code === 'ENXIO') return `${shown} is not a regular file`;
  return `${shown} cannot be read (${error.code ?? error.message})`;
}

function readMetrics(text: string): Pick<TrainingOutput, 'metrics' | 'versions'> {
  const content = parse(text);
  if (!isRecord(content)) throw new OutputProblem(`${OUTPUT_FOLDER}/metrics.json does not hold a JSON object`);
  return {
    metrics: entries('metrics', content['metrics'], isFiniteNumber, 'a finite number'),
    versions: entries('versions', content['versions'] ?? {}, isVersion, 'a short text'),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // NaN and Infinity, which Python writes unless it is told not to, are the usual cause.
    throw new OutputProblem(`${OUTPUT_FOLDER}/metrics.json is not JSON (JSON knows no NaN and no Infinity)`);
  }
}

function entries<T>(
  what: string,
  content: unknown,
  isRight: (value: unknown) => value is T,
  wanted: string,
): Record<string, T> {
  if (!isRecord(content)) throw new OutputProblem(`"${what}" in ${OUTPUT_FOLDER}/metrics.json is not an object`);
  const found = Object.entries(content);
  if (found.length > MOST_ENTRIES)
    throw new OutputProblem(
      `"${what}" in ${OUTPUT_FOLDER}/metrics.json has ${found.length} entries, at most ${MOST_ENTRIES} are taken`,
    );
  return Object.fromEntries(
    found.map(([name, value]) => {
      if (!NAME.test(name))
        throw new OutputProblem(
          `"${what}" has the name ${shorten(name)}, want letters, digits and _ . @ -, at most 64`,
        );
      if (!isRight(value)) throw new OutputProblem(`"${what}" has "${name}": ${shorten(value)}, want ${wanted}`);
      return [name, value];
    }),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isVersion(value: unknown): value is string {
  return typeof value === 'string' && value.length <= VERSION_LENGTH;
}

function shorten(value: unknown): string {
  // What JSON writes as null may be Infinity: 1e999 is read as that.
  return (typeof value === 'number' ? String(value) : JSON.stringify(value)).slice(0, 80);
}
