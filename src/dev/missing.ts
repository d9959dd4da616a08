import { SetupMissingError } from '../errors.js';

/** The ways to get a program, for an error that ends with them. */
export interface Ways {
  /** For people: "MinIO". */
  readonly name: string;
  /** The environment variable that names it. */
  readonly variable: string;
  /** Ways beside the variable and PATH, each a sentence part: "run ...". */
  readonly others?: readonly string[];
}

/** SETUP.MISSING with every way out in its fix. */
export function missing(ways: Ways, problem: string, cause?: unknown): SetupMissingError {
  const all = [
    `set ${ways.variable} to its path`,
    'put it on PATH',
    ...(ways.others ?? []),
    'or run `docker compose up` and use what it starts',
  ];
  return new SetupMissingError(`set up ${ways.name}: ${problem}`, {
    fix: all.join(', '),
    details: { program: ways.name, variable: ways.variable },
    ...(cause === undefined ? {} : { cause }),
  });
}
