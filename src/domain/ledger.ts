import type { Sha256 } from './artifact.js';

/** A decision about one model. `version` counts registered models of one name from 1. */
export type Decision =
  | { readonly kind: 'register'; readonly version: number; readonly bundle: Sha256; readonly run: string }
  | { readonly kind: 'reject'; readonly bundle: Sha256; readonly run: string }
  | {
      readonly kind: 'promote';
      readonly version: number;
      readonly bundle: Sha256;
      /** The champion that the decision was made against: 0 when there was none. */
      readonly replaces: number;
    };

/** One entry of the ledger: `ledger/<model>/<generation>.json`. */
export interface LedgerEntry {
  readonly schemaVersion: 1;
  readonly model: string;
  /** 1, 2, 3, ... without gaps. */
  readonly generation: number;
  /** SHA-256 of the bytes of the entry before; null in the first. */
  readonly previous: Sha256 | null;
  /** Names the decision whoever writes it and however often: the same id is never entered twice. */
  readonly decisionId: string;
  readonly decision: Decision;
  readonly actor: string;
  /** One sentence. */
  readonly reason: string;
  /** ISO 8601 in UTC, by the writer's clock. */
  readonly at: string;
  /** Digests of what the decision rests on, by name: evaluation, split, snapshot, spec. */
  readonly evidence: Readonly<Record<string, Sha256>>;
}

/** An entry with the SHA-256 of its bytes: hashing is done where the bytes are. */
export interface RecordedEntry {
  readonly entry: LedgerEntry;
  readonly digest: Sha256;
}

/** `rejected`: registered, then refused; never promoted again. `retired`: was champion, is not now, may be again. */
type VersionState = 'registered' | 'rejected' | 'champion' | 'retired';

/** One registered model. */
export interface ModelVersion {
  readonly version: number;
  readonly bundle: Sha256;
  readonly run: string;
  readonly registeredAt: string;
  readonly state: VersionState;
  /** When it first became champion; absent when it never did. What has none was not gated and is never served. */
  readonly promotedAt?: string;
}

/** The version that answers users. */
export interface Champion {
  readonly version: number;
  readonly bundle: Sha256;
  /** When it was promoted, by the writer's clock. */
  readonly since: string;
  /** The entry that promoted it. */
  readonly generation: number;
}

/** What the entries up to `generation` say. */
export interface LedgerState {
  readonly model: string;
  /** 0 for an empty ledger. */
  readonly generation: number;
  /** SHA-256 of the newest entry's bytes; null for an empty ledger. */
  readonly tail: Sha256 | null;
  /** `versions[n - 1]` is version n. */
  readonly versions: readonly ModelVersion[];
  readonly champion?: Champion;
  /** Generation of every decision, by its id. */
  readonly decisions: ReadonlyMap<string, number>;
}

/**
 * Why an entry cannot follow a state. `chain`: it is not the next entry of this ledger. `repeated`: its decision id was
 * used. `stale`: it was decided against another champion. `forbidden`: the rules do not allow it.
 */
export interface LedgerProblem {
  readonly kind: 'chain' | 'repeated' | 'stale' | 'forbidden';
  /** One sentence: found and wanted. */
  readonly message: string;
}

/** Entries that do not make a ledger: `generation` is where the first one stands that breaks a rule. */
export class LedgerRuleError extends RangeError {
  override readonly name = 'LedgerRuleError';

  constructor(
    readonly generation: number,
    readonly problem: LedgerProblem,
  ) {
    super(`Cannot apply ledger entry ${generation}: ${problem.message}`);
  }
}

/** The state before the first entry. */
export function emptyLedger(model: string): LedgerState {
  return { model, generation: 0, tail: null, versions: [], decisions: new Map() };
}

/**
 * The state after these entries, in their order. The state given is not changed.
 *
 * @throws {LedgerRuleError} for the first entry that breaks a rule. `judgeEntry` says so without throwing.
 */
export function foldLedger(entries: readonly RecordedEntry[], from: LedgerState): LedgerState {
  if (entries.length === 0) return from;
  // One copy for all entries: a copy for each would make reading a ledger quadratic.
  const draft: Draft = { ...from, versions: [...from.versions], decisions: new Map(from.decisions) };
  for (const recorded of entries) {
    const problem = judgeEntry(draft, recorded.entry);
    if (problem) throw new LedgerRuleError(draft.generation + 1, problem);
    advance(draft, recorded);
  }
  return draft;
}

/** The state after one more entry; see {@link foldLedger}. */
export function applyDecision(state: LedgerState, recorded: RecordedEntry): LedgerState {
  return foldLedger([recorded], state);
}

/** Whether an entry may follow this state: undefined when it may, else the first rule that it breaks. */
export function judgeEntry(state: LedgerState, entry: LedgerEntry): LedgerProblem | undefined {
  return judgeChain(state, entry) ?? judgeDecision(state, entry.decisionId, entry.decision);
}

/** The part of {@link judgeEntry} that does not depend on where the entry stands in the ledger. */
export function judgeDecision(state: LedgerState, decisionId: string, decision: Decision): LedgerProblem | undefined {
  const used = state.decisions.get(decisionId);
  if (used !== undefined) {
    return { kind: 'repeated', message: `decision "${decisionId}" was entered at generation ${used} already` };
  }
  switch (decision.kind) {
    case 'register':
      return judgeRegister(state, decision.version);
    case 'reject':
      return judgeReject(state, decision);
    case 'promote':
      return judgePromote(state, decision);
  }
}

/**
 * The champion at a time. Writers' clocks may differ, so an entry counts as made no earlier than the entries before it.
 *
 * @param entries all entries of one ledger, in order
 * @param time ISO 8601 or milliseconds since 1970
 */
export function championAt(entries: readonly LedgerEntry[], time: string | number): Champion | undefined {
  const limit = typeof time === 'number' ? time : Date.parse(time);
  if (Number.isNaN(limit)) throw new RangeError(`Cannot look up the champion at "${time}": want a date in ISO 8601`);
  let champion: Champion | undefined;
  for (const entry of entries) {
    if (Date.parse(entry.at) > limit) break;
    if (entry.decision.kind === 'promote') champion = championOf(entry, entry.decision);
  }
  return champion;
}

interface Draft extends Omit<LedgerState, 'versions' | 'decisions'> {
  generation: number;
  tail: Sha256 | null;
  versions: ModelVersion[];
  champion?: Champion;
  decisions: Map<string, number>;
}

function judgeChain(state: LedgerState, entry: LedgerEntry): LedgerProblem | undefined {
  const broken = (message: string): LedgerProblem => ({ kind: 'chain', message });
  if (entry.model !== state.model) return broken(`it belongs to model "${entry.model}", want "${state.model}"`);
  if (entry.generation !== state.generation + 1) {
    return broken(`found generation ${entry.generation}, want ${state.generation + 1}`);
  }
  if (entry.previous !== state.tail) {
    return broken(`it follows an entry with digest ${entry.previous}, the entry before has ${state.tail}`);
  }
  return undefined;
}

function judgeRegister(state: LedgerState, version: number): LedgerProblem | undefined {
  const next = state.versions.length + 1;
  if (version === next) return undefined;
  return { kind: 'forbidden', message: `it registers version ${version}, the next version is ${next}` };
}

function judgeReject(state: LedgerState, decision: Extract<Decision, { kind: 'reject' }>): LedgerProblem | undefined {
  const rejectsChampion = state.versions.some(
    (version) => version.state === 'champion' && isRejectedBy(version, decision),
  );
  if (!rejectsChampion) return undefined;
  return { kind: 'forbidden', message: `it rejects version ${state.champion?.version}, which is the champion now` };
}

function judgePromote(state: LedgerState, decision: Extract<Decision, { kind: 'promote' }>): LedgerProblem | undefined {
  const forbidden = (message: string): LedgerProblem => ({ kind: 'forbidden', message });
  const version = state.versions[decision.version - 1];
  if (!version) {
    return forbidden(`it promotes version ${decision.version}, registered are ${state.versions.length} versions`);
  }
  if (version.bundle !== decision.bundle) {
    return forbidden(
      `it promotes version ${version.version} as bundle ${decision.bundle}, registered is bundle ${version.bundle}`,
    );
  }
  const current = state.champion?.version ?? 0;
  if (decision.replaces !== current) {
    const [then, now] = [championName(decision.replaces), championName(current)];
    return { kind: 'stale', message: `it was decided when the champion was ${then}, the champion is ${now} now` };
  }
  if (version.state === 'champion') return forbidden(`version ${version.version} is the champion already`);
  if (version.state === 'rejected') return forbidden(`version ${version.version} was rejected`);
  return undefined;
}

function championName(version: number): string {
  return version === 0 ? 'none' : `version ${version}`;
}

/** A rejection is about the candidate of one run: the same bundle may come out of another run and pass there. */
function isRejectedBy(version: ModelVersion, decision: { readonly bundle: Sha256; readonly run: string }): boolean {
  return version.bundle === decision.bundle && version.run === decision.run;
}

function advance(draft: Draft, { entry, digest }: RecordedEntry): void {
  const { decision } = entry;
  draft.generation = entry.generation;
  draft.tail = digest;
  draft.decisions.set(entry.decisionId, entry.generation);
  switch (decision.kind) {
    case 'register': {
      const { version, bundle, run } = decision;
      draft.versions.push({ version, bundle, run, registeredAt: entry.at, state: 'registered' });
      break;
    }
    case 'reject':
      draft.versions.forEach((version, index) => {
        if (isRejectedBy(version, decision)) draft.versions[index] = { ...version, state: 'rejected' };
      });
      break;
    case 'promote':
      if (draft.champion) changeVersion(draft, draft.champion.version, { state: 'retired' });
      changeVersion(draft, decision.version, { state: 'champion' });
      if (draft.versions[decision.version - 1]?.promotedAt === undefined) {
        changeVersion(draft, decision.version, { promotedAt: entry.at });
      }
      draft.champion = championOf(entry, decision);
      break;
  }
}

function changeVersion(draft: Draft, number: number, change: Partial<ModelVersion>): void {
  const version = draft.versions[number - 1];
  if (version) draft.versions[number - 1] = { ...version, ...change };
}

function championOf(entry: LedgerEntry, decision: Extract<Decision, { kind: 'promote' }>): Champion {
  return { version: decision.version, bundle: decision.bundle, since: entry.at, generation: entry.generation };
}
