import type { TrainingRequest } from './domain/trigger.js';
import { UsageError } from './errors.js';
import { parseTime } from './parse-time.js';
import { builtInOf, parameterIssues } from './spec/estimator-rules.js';
import { pathText } from './spec/path.js';
import type { ModelSpec } from './spec/spec.js';

export interface RequestTrainingOptions {
  /** One sentence. Default: `asked for by hand`. */
  readonly reason?: string;
  /** Who asks. Default: the client's identity. */
  readonly by?: string;
  /** Hyperparameters laid over the spec's for this run only. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Work as if this were the end of time: rows from then on are left out. ISO 8601 in UTC. Default: all rows. */
  readonly asOf?: string;
  /** `false`: whatever the verdict, the champion stays. Default: a PROMOTE is rolled out. */
  readonly promote?: boolean;
  /** `false`: nothing is taken from the step cache. Default: as the spec says. */
  readonly cache?: boolean;
  /** Asking again with the same id gives the same answer and at most one run. Default: a new id. */
  readonly requestId?: string;
}

/**
 * A person's request for training, as the loop takes it.
 * @throws {UsageError} when `asOf` is no time
 */
export function trainingRequest(options: RequestTrainingOptions, identity: string): TrainingRequest {
  const { reason = 'asked for by hand', by = identity, parameters, asOf, promote, cache } = options;
  return {
    trigger: { kind: 'manual', by, reason },
    ...(parameters && { parameters }),
    ...(asOf !== undefined && { asOf: parseTime('asOf', asOf) }),
    ...(promote !== undefined && { promote }),
    ...(cache !== undefined && { cache }),
  };
}

/**
 * Hyperparameters for one run, by the rules of the built-in estimator that will take them. Any other trainer knows its own.
 * @throws {UsageError} when the estimator would not take them
 */
export function checkParameters(parameters: Readonly<Record<string, unknown>>, { trainer }: ModelSpec): void {
  const builtIn = builtInOf(trainer);
  if (!builtIn) return;
  const issues = parameterIssues(parameters, builtIn);
  if (issues.length === 0) return;
  const found = issues.map(({ path, message }) => `${pathText(path.slice(1))}: ${message}`).join('; ');
  throw new UsageError(`Cannot train with these parameters: ${found}`, {
    fix: `See docs/estimators.md for what ${builtIn.estimator} takes.`,
  });
}
