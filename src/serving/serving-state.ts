import type { Logger } from 'pino';
import type { ModelFollower } from './model-follower.js';
import type { RequestProfiler } from './request-profiler.js';
import { RequestProblem } from './request-problem.js';

export interface ServingLimits {
  /** Largest body of a request. */
  readonly maxBodyBytes: number;
  /** Most rows of one request. */
  readonly maxRows: number;
}

/** What the endpoints of one server share. */
export class ServingState {
  readonly followers = new Map<string, ModelFollower>();
  /** Takes note of what is asked; undefined when that is not wanted. */
  profiler: RequestProfiler | undefined;
  readonly #counts = new Map<string, Map<number, number>>();

  constructor(
    readonly log: Logger,
    readonly limits: ServingLimits,
    /** Aborted when the server stops. */
    readonly signal: AbortSignal,
  ) {}

  /** @throws {RequestProblem} 404 for a model that this server does not serve */
  follower(model: string): ModelFollower {
    const follower = this.followers.get(model);
    if (follower) return follower;
    const known = [...this.followers.keys()].map((name) => `"${name}"`).join(', ') || 'none';
    throw new RequestProblem(404, `No model ${JSON.stringify(model.slice(0, 64))} here: served are ${known}`);
  }

  /** Counts one answer. Requests for unknown models are counted together: names come from outside. */
  count(model: string, status: number): void {
    const name = this.followers.has(model) ? model : '';
    const counts = this.#counts.get(name) ?? new Map<number, number>();
    this.#counts.set(name, counts.set(status, (counts.get(status) ?? 0) + 1));
  }

  /** Counters and states in the text format of Prometheus. */
  metrics(): string {
    const lines = ['# TYPE perennial_infer_requests_total counter'];
    for (const [model, counts] of this.#counts) {
      for (const [status, count] of counts) {
        lines.push(`perennial_infer_requests_total{model="${model}",status="${status}"} ${count}`);
      }
    }
    const gauge = (name: string, value: (follower: ModelFollower) => number): void => {
      lines.push(`# TYPE ${name} gauge`);
      for (const [model, follower] of this.followers) lines.push(`${name}{model="${model}"} ${value(follower)}`);
    };
    gauge('perennial_served_version', ({ current }) => current?.version ?? 0);
    gauge('perennial_model_swaps', ({ swaps }) => swaps);
    gauge('perennial_model_problem', ({ problem }) => (problem === undefined ? 0 : 1));
    return `${lines.join('\n')}\n`;
  }
}
