import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { SetupMissingError } from '../errors.js';

/**
 * The program that an environment variable names, as a path; undefined when the variable is not set.
 *
 * @throws {SetupMissingError} when it is set and names no program: a wrong setting is never passed over in silence.
 */
export function programFromVariable(variable: string): string | undefined {
  const value = process.env[variable];
  if (value === undefined || value === '') return undefined;
  const found = value.includes(path.sep) ? executable(path.resolve(value)) : programOnPath([value]);
  if (found !== undefined) return found;
  throw new SetupMissingError(`use the program that ${variable} names, "${value}": there is no executable file there`, {
    fix: `set ${variable} to the path of the program, or unset it`,
    details: { variable, value },
  });
}

/** The first of these names that is an executable file in a folder of `PATH`. */
export function programOnPath(names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  for (const name of names) {
    for (const folder of folders) {
      const found = executable(path.join(folder, name));
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The file itself if it can be executed. */
export function executable(file: string): string | undefined {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}
