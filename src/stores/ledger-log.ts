import { isName, ledgerKey, ledgerPrefix, type Sha256 } from '../domain/artifact.js';
import { canonicalJson } from '../domain/canonical.js';
import {
  emptyLedger,
  foldLedger,
  judgeDecision,
  LedgerRuleError,
  type Decision,
  type LedgerEntry,
  type LedgerState,
  type RecordedEntry,
} from '../domain/ledger.js';
import { DecisionRefusedError, StaleDecisionError } from '../errors.js';
import { brokenEntry, encodeEntry, fetchEntry } from './ledger-entry.js';
import { noteTail, readTail } from './ledger-tail.js';
import { verifyLedger, type LedgerFinding } from './ledger-verify.js';
import type { ArtifactStore, CallOptions } from './store.js';

/** A decision to enter. A registered model gets its version from the log: the next free number. */
export type DecisionInput =
  | { readonly kind: 'register'; readonly bundle: Sha256; readonly run: string }
  | Exclude<Decision, { readonly kind: 'register' }>;

export interface AppendInput {
  /** Names the decision: entering the same one again, from anywhere, changes nothing. */
  readonly decisionId: string;
  readonly decision: DecisionInput;
  /** A person or a workflow. */
  readonly actor: string;
  /** One sentence. */
  readonly reason: string;
  /** Digests of what the decision rests on, by name. */
  readonly evidence: Readonly<Record<string, Sha256>>;
  readonly now: Date;
}

/** What a ledger says, verified from the first entry to the last. */
export interface LedgerReading {
  /** `entries[n - 1]` is generation n. */
  readonly entries: readonly LedgerEntry[];
  readonly state: LedgerState;
}

/** How many entries are fetched at once by a first reading. */
const PARALLEL_READS = 16;
/** How often a key may be taken and empty at once before the store is not believed. */
const MAX_EMPTY_READS = 5;

/**
 * The ledger of one model in an artifact store: one object a decision, each created only if its key is free and naming
 * the digest of the one before. That single write is decision, audit entry and fence at once.
 *
 * A log remembers what it has verified, so a later reading costs one request and one more for each new entry. Any number
 * of logs, in any number of processes, may read and append at the same time.
 */
export class LedgerLog {
  readonly model: string;
  readonly #store: ArtifactStore;
  #entries: readonly LedgerEntry[] = [];
  #state: LedgerState;
  #opened = false;

  constructor(store: ArtifactStore, model: string) {
    if (!isName(model)) throw new RangeError(`Cannot open the ledger of "${model}": that is no model name`);
    this.#store = store;
    this.model = model;
    this.#state = emptyLedger(model);
  }

  /**
   * Reads what is new and returns the whole.
   *
   * @throws {LedgerBrokenError} at the first entry that cannot be believed; nothing after it is read.
   */
  async read(options: CallOptions = {}): Promise<LedgerReading> {
    if (!this.#opened) await this.#open(options);
    for (;;) {
      const next = this.#state.generation + 1;
      const recorded = await fetchEntry(this.#store, this.model, next, options);
      if (!recorded) return { entries: this.#entries, state: this.#state };
      this.#accept([recorded], next);
    }
  }

  /**
   * Enters a decision, once: `already` says that it stood there before. When another writer takes the generation, the
   * decision is judged again on the new state: a registration goes on at the next generation, a promotion against a
   * champion that is no longer there does not.
   *
   * @throws {StaleDecisionError} when the champion is not the one that the decision was made against
   * @throws {DecisionRefusedError} when the rules forbid the decision, or its id names another one
   * @throws {LedgerBrokenError} when the ledger cannot be believed: nothing is added to it then
   */
  async append(input: AppendInput, options: CallOptions = {}): Promise<{ entry: LedgerEntry; already: boolean }> {
    for (let emptyReads = 0, generation = 0; ;) {
      const { state } = await this.read(options);
      const earlier = this.#findEarlier(input);
      if (earlier) return { entry: earlier, already: true };
      emptyReads = state.generation + 1 === generation ? emptyReads + 1 : 0;
      generation = state.generation + 1;
      if (emptyReads > MAX_EMPTY_READS)
        throw this.#broken(generation, 'its key is taken, but nothing can be read there');

      const { bytes, recorded } = encodeEntry(this.#nextEntry(state, input));
      await this.#refuseGap(generation, options);
      const outcome = await this.#store.create(ledgerKey(this.model, generation), bytes, options);
      if (outcome === 'exists') continue;
      this.#accept([recorded], generation);
      await noteTail(this.#store, this.model, recorded);
      return { entry: recorded.entry, already: false };
    }
  }

  /**
   * Reads every byte of the ledger again and lists what is wrong with it; an empty list means that it is whole.
   * Goes on after a finding, so that one look shows the extent of the damage.
   */
  verify(options: CallOptions = {}): Promise<LedgerFinding[]> {
    return verifyLedger(this.#store, this.model, options);
  }

  /** The first reading: fetches many entries at once, and finds a newest entry that was lost. */
  async #open(options: CallOptions): Promise<void> {
    const note = await readTail(this.#store, this.model, options);
    const last = Math.max(note?.generation ?? 0, await this.#lastListed(options));
    for (let next = this.#state.generation + 1; next <= last; next = this.#state.generation + 1) {
      const generations = Array.from({ length: Math.min(PARALLEL_READS, last - next + 1) }, (_, index) => next + index);
      const batch = await Promise.all(
        generations.map(async (generation) => {
          const recorded = await fetchEntry(this.#store, this.model, generation, options);
          if (!recorded) throw this.#broken(generation, `it is missing, but entry ${last} was written`);
          return recorded;
        }),
      );
      for (const recorded of batch) {
        if (recorded.entry.generation === note?.generation && recorded.digest !== note.digest) {
          throw this.#broken(note.generation, `it has digest ${recorded.digest}, written was ${note.digest}`);
        }
      }
      this.#accept(batch, next);
    }
    this.#opened = true;
  }

  async #lastListed(options: CallOptions): Promise<number> {
    let last = 0;
    for await (const { key } of this.#store.list(ledgerPrefix(this.model), options)) {
      last = Math.max(last, Number(/\/(\d{12})\.json$/.exec(key)?.[1] ?? 0));
    }
    return last;
  }

  /** Takes over entries that start at generation `first`; another call on this log may have taken some meanwhile. */
  #accept(batch: readonly RecordedEntry[], first: number): void {
    const fresh = batch.slice(this.#state.generation + 1 - first);
    try {
      this.#state = foldLedger(fresh, this.#state);
    } catch (error) {
      if (error instanceof LedgerRuleError) throw this.#broken(error.generation, error.problem.message);
      throw error;
    }
    this.#entries = [...this.#entries, ...fresh.map(({ entry }) => entry)];
  }

  #findEarlier(input: AppendInput): LedgerEntry | undefined {
    const generation = this.#state.decisions.get(input.decisionId);
    const entry = generation === undefined ? undefined : this.#entries[generation - 1];
    if (!entry) return undefined;
    if (sameDecision(entry.decision, input.decision)) return entry;
    throw new DecisionRefusedError(
      `Cannot enter decision "${input.decisionId}" for "${this.model}": generation ${generation} holds a different decision under that id`,
      { fix: 'Give every decision an id of its own.', details: { model: this.model, generation } },
    );
  }

  #nextEntry(state: LedgerState, input: AppendInput): LedgerEntry {
    const { decisionId, actor, reason, evidence } = input;
    const decision: Decision =
      input.decision.kind === 'register' ? { ...input.decision, version: state.versions.length + 1 } : input.decision;
    const problem = judgeDecision(state, decisionId, decision);
    if (problem) {
      const ErrorClass = problem.kind === 'stale' ? StaleDecisionError : DecisionRefusedError;
      throw new ErrorClass(`Cannot ${decision.kind} for "${this.model}": ${problem.message}`, {
        fix: 'Read the ledger and decide again on what it says now.',
        details: {
          model: this.model,
          decisionId,
          generation: state.generation,
          champion: state.champion?.version ?? 0,
        },
      });
    }
    return {
      schemaVersion: 1,
      model: this.model,
      generation: state.generation + 1,
      previous: state.tail,
      decisionId,
      decision,
      actor,
      reason,
      at: input.now.toISOString(),
      evidence,
    };
  }

  /** A lost entry leaves its key free: creating it anew would hide the loss and break the chain behind it. */
  async #refuseGap(generation: number, options: CallOptions): Promise<void> {
    await this.#refuseLostTail(generation - 1, options);
    const follower = await this.#store.stat(ledgerKey(this.model, generation + 1), options);
    if (!follower) return;
    // Entries are written in order, so one that is still missing after its follower was seen is lost.
    const late = await fetchEntry(this.#store, this.model, generation, options);
    if (!late) throw this.#broken(generation, `it is missing, but entry ${generation + 1} exists`);
  }

  /** A log may live for months: what it remembers of the newest entry proves nothing about the store. */
  async #refuseLostTail(generation: number, options: CallOptions): Promise<void> {
    if (generation === 0) return;
    const newest = await fetchEntry(this.#store, this.model, generation, options);
    if (!newest) throw this.#broken(generation, 'it is missing, though it was there before');
    if (newest.digest !== this.#state.tail && this.#state.generation === generation) {
      throw this.#broken(generation, `it has digest ${newest.digest}, and had ${this.#state.tail}`);
    }
  }

  #broken(generation: number, why: string): Error {
    return brokenEntry(this.model, generation, why);
  }
}

/** Whether an entered decision is the one asked for; a registration is the same whatever version it was given. */
function sameDecision(entered: Decision, asked: DecisionInput): boolean {
  const wanted = asked.kind === 'register' ? { ...asked, version: versionOf(entered) } : asked;
  return canonicalJson(entered) === canonicalJson(wanted);
}

function versionOf(decision: Decision): number | undefined {
  return decision.kind === 'register' ? decision.version : undefined;
}
