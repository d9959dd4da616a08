import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { CodeBundle } from '../src/domain/code.js';
import { TrainerEnvironmentError } from '../src/errors.js';
import type { StoredSpec, TrainerSpec } from '../src/spec/spec.js';
import type { TrainingJob } from '../src/trainers/trainer.js';
import type { ActivityDeps, CodePython } from './deps.js';
import { plainEnvironment, trainingPlace, type TrainingPlace } from './training-place.js';

/** What a job needs of the trainer's own code and of the variables that it is given. */
export type JobCode = Pick<TrainingJob, 'environment' | 'secrets'> &
  Partial<Pick<TrainingJob, 'code' | 'python' | 'command' | 'place'>> & {
    /** Of the code's Python, for the record. */
    readonly pythonVersion?: string;
  };

export interface PrepareCodeOptions {
  readonly signal: AbortSignal;
  /** Takes a line about what takes long. */
  progress(message: string): void;
}

/**
 * Makes ready what the trainer of a spec runs: fetches and unpacks its code and makes its environment, both once a worker,
 * and looks up the variables that it is to have.
 *
 * @throws {TrainerEnvironmentError} when a variable is not set here; what `codeFolder` and `environment` of the deps throw
 */
export async function prepareCode(
  deps: Pick<ActivityDeps, 'codeFolder' | 'environment'>,
  { spec, code }: Pick<StoredSpec, 'spec' | 'code'>,
  options: PrepareCodeOptions,
): Promise<JobCode> {
  const place = trainingPlace(spec.trainer);
  if (place) return elsewhere(spec.trainer, place, code);
  const variables = resolveEnvironment(spec.trainer.environment);
  if (!code) return variables;
  const folder = await deps.codeFolder(code, { signal: options.signal });
  const { python, version, bin } = await deps.environment(code, folder, options);
  const { command } = spec.trainer;
  return {
    ...variables,
    code: { folder, sha256: code.ref.sha256 },
    python,
    pythonVersion: version,
    ...(command && { command: commandIn(command, folder, { python, version, bin }) }),
    environment: {
      ...variables.environment,
      PATH: [...bin, process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter),
      // The code is shared and read-only; a user who may write all the same would leave caches there.
      PYTHONDONTWRITEBYTECODE: '1',
    },
  };
}

/** The machine that trains fetches the code itself, makes the environment that it locks, and has secrets of its own. */
function elsewhere({ environment }: TrainerSpec, place: TrainingPlace, code: StoredSpec['code']): JobCode {
  return {
    environment: plainEnvironment(environment),
    secrets: [],
    place,
    ...(code && { code: { folder: FAR_FOLDER, sha256: code.ref.sha256, ...(code.lock && { lock: code.lock }) } }),
  };
}

/** Where the code is elsewhere, to tell its files from others; nothing is there on this machine. */
const FAR_FOLDER = '/code';

/** Whether the program of a command is pinned: by the bundle, by its lock, or as the interpreter, which tells what it is. */
export function isPinned([program = '']: readonly string[], { lock }: CodeBundle, { bin }: CodePython): boolean {
  if (program.startsWith('./')) return true;
  if (program.includes('/') || programIn(bin, program) === undefined) return false;
  return lock !== undefined || /^python[\d.]*$/.test(program);
}

/** `./` is the code folder, and a plain name that the environment has is its program. */
function commandIn(command: readonly string[], folder: string, { bin }: CodePython): string[] {
  return command.map((word, index) => {
    if (/^\.{1,2}\//.test(word)) return resolve(folder, word);
    return (index === 0 && !word.includes('/') && programIn(bin, word)) || word;
  });
}

function programIn(folders: readonly string[], name: string): string | undefined {
  return folders
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The variables of `trainer.environment`, and the values among them that nobody may see. */
export function resolveEnvironment(
  declared: TrainerSpec['environment'],
  here: Readonly<Record<string, string | undefined>> = process.env,
): Pick<TrainingJob, 'environment' | 'secrets'> {
  const secrets: string[] = [];
  const values = Object.entries(declared).map(([name, value]) => {
    if (typeof value === 'string') return [name, value] as const;
    const secret = here[value.env];
    if (secret === undefined || secret === '') throw missingVariable(name, value.env);
    secrets.push(secret);
    return [name, secret] as const;
  });
  return { environment: Object.fromEntries(values), secrets };
}

function missingVariable(name: string, env: string): TrainerEnvironmentError {
  return new TrainerEnvironmentError(
    `Cannot train: trainer.environment.${name} is to be what ${env} is where the worker runs, and ${env} is not set there`,
    {
      fix: `Start the workers with ${env} in their environment, or change trainer.environment in the spec.`,
      details: { variable: name, env },
    },
  );
}
