import type { TrainingRequest } from './domain/trigger.js';
import { parseTime } from './parse-time.js';

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
