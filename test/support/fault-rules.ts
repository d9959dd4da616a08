import { seededRandom } from './random.js';

/** What the proxy does to a request that a rule picks. */
export type Fault =
  /** 503 SlowDown, nothing forwarded. */
  | 'unavailable'
  /** The connection is reset, nothing forwarded. */
  | 'reset'
  /** The server does what was asked; then the connection is reset instead of an answer. */
  | 'apply-then-drop'
  /** The server does what was asked; then there is no answer and no end. */
  | 'apply-then-hang'
  /** No answer and no end, nothing forwarded. */
  | 'hang'
  /** An answer that stops in its middle and stays open. */
  | 'stall'
  /** An answer that is cut in its middle. */
  | 'truncate'
  /** An answer of half the bytes whose length header says so: whole, to all appearance. */
  | 'shorten'
  /** One bit of the body is another: of the request when it has a body, else of the answer. */
  | 'flip'
  /** 200 and a web page, as from a proxy that wants a login; nothing forwarded. */
  | 'page';

export interface FaultRule {
  readonly fault: Fault;
  readonly method?: string;
  /** Matched against path and query. */
  readonly path?: RegExp;
  /** How many matching requests pass before the first is picked. Default 0. */
  readonly after?: number;
  /** How many are picked. Default 1; `Infinity` for all. */
  readonly times?: number;
  /** Chance to be picked, by the proxy's seed. Default 1. */
  readonly chance?: number;
}

/** Decides request by request; the same seed and the same order of requests give the same faults. */
export class FaultRules {
  readonly #random: () => number;
  #rules: { rule: FaultRule; seen: number; picked: number }[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  set(rules: readonly FaultRule[]): void {
    this.#rules = rules.map((rule) => ({ rule, seen: 0, picked: 0 }));
  }

  /** A number from 0 to `below` - 1. */
  pick(below: number): number {
    return Math.floor(this.#random() * below);
  }

  faultFor(method: string, path: string): Fault | undefined {
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.method !== undefined && rule.method !== method) continue;
      if (rule.path && !rule.path.test(path)) continue;
      entry.seen += 1;
      if (entry.seen <= (rule.after ?? 0) || entry.picked >= (rule.times ?? 1)) continue;
      if (rule.chance !== undefined && this.#random() >= rule.chance) continue;
      entry.picked += 1;
      return rule.fault;
    }
    return undefined;
  }
}
