import { ledgerKey, ledgerPrefix } from '../domain/artifact.js';
import { emptyLedger, foldLedger, judgeDecision, type LedgerState, type RecordedEntry } from '../domain/ledger.js';
import { LedgerBrokenError, StoreUnavailableError } from '../errors.js';
import { fetchEntry } from './ledger-entry.js';
import { readTail, tailKey } from './ledger-tail.js';
import type { ArtifactStore, CallOptions } from './store.js';

/** One thing that is wrong with a ledger. */
export interface LedgerFinding {
  readonly key: string;
  /**
   * `unreadable`: the bytes cannot be had or are not those that were written. `missing`: a generation is not there though
   * a later one is, or was. `chain`: it does not follow the entry before. `rule`: the decision breaks a rule.
   * `foreign`: an object that does not belong here.
   */
  readonly kind: 'unreadable' | 'missing' | 'chain' | 'rule' | 'foreign';
  /** One sentence: found and wanted. */
  readonly message: string;
}

/**
 * Reads a whole ledger and lists what is wrong with it, in the order of the entries.
 *
 * @throws {StoreUnavailableError} when the store cannot even be listed
 */
export async function verifyLedger(
  store: ArtifactStore,
  model: string,
  options: CallOptions = {},
): Promise<LedgerFinding[]> {
  const findings: LedgerFinding[] = [];
  const note = await readTail(store, model, options);
  const { last, foreign } = await survey(store, model, options);
  const end = Math.max(last, note?.generation ?? 0);

  let before: RecordedEntry | undefined;
  // Undefined once an entry was lost: what later decisions may do is unknown then.
  let state: LedgerState | undefined = emptyLedger(model);
  for (let generation = 1; generation <= end; generation++) {
    const found = await look(store, model, generation, options);
    if ('kind' in found) {
      findings.push(found);
      before = undefined;
      state = undefined;
      continue;
    }
    const report = (kind: LedgerFinding['kind'], message: string): void => {
      findings.push({ key: ledgerKey(model, generation), kind, message });
    };
    if (note?.generation === generation && note.digest !== found.digest) {
      report('chain', `It has digest ${found.digest}, but ${note.digest} was noted when it was written.`);
    }
    for (const message of chainProblems(model, generation, before, found)) report('chain', message);
    state = judged(state, found, (message) => report('rule', message));
    before = found;
  }
  return [...findings, ...foreign];
}

async function survey(
  store: ArtifactStore,
  model: string,
  options: CallOptions,
): Promise<{ last: number; foreign: LedgerFinding[] }> {
  const foreign: LedgerFinding[] = [];
  let last = 0;
  for await (const { key } of store.list(ledgerPrefix(model), options)) {
    const generation = Number(/\/(\d{12})\.json$/.exec(key)?.[1] ?? 0);
    if (generation > 0 && key === ledgerKey(model, generation)) last = Math.max(last, generation);
    else if (key !== tailKey(model)) foreign.push({ key, kind: 'foreign', message: 'This key is no ledger entry.' });
  }
  return { last, foreign };
}

async function look(
  store: ArtifactStore,
  model: string,
  generation: number,
  options: CallOptions,
): Promise<RecordedEntry | LedgerFinding> {
  const key = ledgerKey(model, generation);
  try {
    const recorded = await fetchEntry(store, model, generation, options);
    return recorded ?? { key, kind: 'missing', message: 'It is missing, but it or a later entry was written.' };
  } catch (error) {
    // A damaged object can look like a busy store, for ever: the listing worked, so the finding is this entry's.
    if (error instanceof LedgerBrokenError || error instanceof StoreUnavailableError) {
      return { key, kind: 'unreadable', message: `${error.message}.` };
    }
    throw error;
  }
}

function chainProblems(
  model: string,
  generation: number,
  before: RecordedEntry | undefined,
  { entry }: RecordedEntry,
): string[] {
  const problems: string[] = [];
  if (entry.model !== model) problems.push(`It belongs to model "${entry.model}", want "${model}".`);
  if (entry.generation !== generation) problems.push(`It calls itself generation ${entry.generation}.`);
  const known = generation === 1 || before !== undefined;
  const wanted = before?.digest ?? null;
  if (known && entry.previous !== wanted) {
    problems.push(`It follows an entry with digest ${entry.previous}, the entry before has ${wanted}.`);
  }
  return problems;
}

function judged(
  state: LedgerState | undefined,
  recorded: RecordedEntry,
  report: (message: string) => void,
): LedgerState | undefined {
  if (!state) return undefined;
  const { entry } = recorded;
  const problem = judgeDecision(state, entry.decisionId, entry.decision);
  if (problem) {
    report(`The decision breaks a rule: ${problem.message}.`);
    return { ...state, generation: state.generation + 1, tail: recorded.digest };
  }
  // The chain was judged apart, so it is made to fit here: one finding is enough for one fault.
  const fitting = { ...entry, model: state.model, generation: state.generation + 1, previous: state.tail };
  return foldLedger([{ entry: fitting, digest: recorded.digest }], state);
}
