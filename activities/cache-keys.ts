import { contractOf } from '../src/contracts/index.js';
import { sensitiveColumns } from '../src/contracts/sensitive-columns.js';
import type { CodeBundle } from '../src/domain/code.js';
import { trainerKind } from '../src/domain/trainer-kind.js';
import { gateMetrics } from '../src/gates/index.js';
import { searchSettings } from '../src/search/settings.js';
import type { StoredSpec } from '../src/spec/spec.js';
import { readManifest } from '../src/stores/blobs.js';
import { sha256Hex } from '../src/stores/digest.js';
import type { StepFacts } from './cached.js';
import { AttemptLog } from './attempt-log.js';
import { isPinned } from './code.js';
import type { ActivityDeps, CodePython } from './deps.js';
import type { EvaluateInput } from './evaluate.js';
import type { OpenSearchInput } from './search-open.js';
import type { SplitInput } from './split.js';
import { findTrainer, type TrainInput } from './train.js';

/*
 * What the result of each cached step depends on. Of spec and input all counts that is not named here as of no account: a
 * field that is added one day makes a step be done once more, and never a wrong result be taken.
 */

/** What people are told, who acts, what follows from a verdict. */
const SPEC_NEVER = ['objective', 'owners', 'drift', 'rollout', 'triggers', 'cache', 'cost'] as const;
/** What made the split. */
const BEFORE_TRAINING = ['sources', 'contract', 'prepare', 'split'] as const;
/** Which run it is for, and what is told by its digest or its parts. */
const INPUT_NEVER = ['run', 'spec', 'snapshot', 'split', 'bundle', 'cache'] as const;

/** A split depends on the rows of the snapshot, the SQL and how the spec cuts; where the rows came from is past. */
export async function splitFacts(
  { remembered }: ActivityDeps,
  input: SplitInput,
  signal: AbortSignal,
): Promise<StepFacts> {
  const stored = await readManifest<StoredSpec>(remembered, input.spec, { signal });
  const { spec, prepareSql } = stored;
  const { tables } = contractOf(stored);
  const eventTimes = Object.entries(spec.sources).map(([name, { eventTime = null }]) => [name, eventTime] as const);
  return {
    spec,
    material: {
      inputs: { snapshot: input.snapshot.sha256, ...(prepareSql !== undefined && { sql: sha256Hex(prepareSql) }) },
      parameters: {
        spec: without(spec, ...SPEC_NEVER, 'sources', 'contract', 'prepare', 'search', 'trainer', 'evaluation', 'gate'),
        input: without(input, ...INPUT_NEVER),
        seed: spec.trainer.seed,
        eventTimes: Object.fromEntries(eventTimes),
        contract: {
          training: tables['training'] ?? null,
          sensitive: [...sensitiveColumns(Object.values(tables))].toSorted(),
        },
      },
    },
  };
}

/** A model depends on its rows, the task and the trainer. How long the trainer may take decides only if there is one. */
export async function trainFacts(deps: ActivityDeps, input: TrainInput, signal: AbortSignal): Promise<StepFacts> {
  const { spec, code } = await readManifest<StoredSpec>(deps.remembered, input.spec, { signal });
  const { command, parameters } = spec.trainer;
  const kind = trainerKind(spec.trainer);
  const trainer = findTrainer(deps.trainers, kind);
  if (command && !code) return { spec, material: 'nobody knows which files trainer.command reads' };
  const untold = { spec, material: `a trainer of kind "${kind}" does not say what it is made of` };
  if (!trainer.identity) return untold;
  const python = code && (await pythonOf(deps, code, signal));
  if (command && code && python && !isPinned(command, code, python)) {
    return { spec, material: `nobody knows what the program "${command[0] ?? ''}" of this machine is` };
  }
  const identity = await trainer.identity(python?.python);
  if (!identity) return untold;
  const isWarm = spec.trainer.warmStart === 'champion';
  const champion = isWarm && (await deps.ledger(input.model).read({ signal })).state.champion;
  return {
    spec,
    material: {
      inputs: {
        split: input.split.sha256,
        ...(isWarm && { champion: champion ? champion.bundle : null }),
        ...(code && { code: code.ref.sha256, lock: code.lock?.sha256 ?? null }),
      },
      parameters: {
        spec: without(spec, ...SPEC_NEVER, ...BEFORE_TRAINING, 'search', 'trainer', 'evaluation', 'gate'),
        input: without(input, ...INPUT_NEVER, 'timeoutMs', 'parameters'),
        trainer: {
          ...without(spec.trainer, 'timeout', 'code'),
          parameters: { ...parameters, ...input.parameters },
          identity,
        },
      },
    },
  };
}

/**
 * What a search finds depends on what a training depends on, and on what is searched. What it began with, the champion's
 * hyperparameters or the trials of an earlier study, decides only where it looks first.
 */
export async function searchFacts(deps: ActivityDeps, input: OpenSearchInput, signal: AbortSignal): Promise<StepFacts> {
  const { spec, material } = await trainFacts(deps, { ...input, timeoutMs: 0 }, signal);
  if (typeof material === 'string') return { spec, material };
  const { warm: _warm, ...settings } = searchSettings(spec, input.parameters);
  const { trials, parallel, budget } = spec.search ?? {};
  return {
    spec,
    material: {
      inputs: material.inputs,
      parameters: {
        ...material.parameters,
        search: { ...settings, trials, parallel, budget: { ...budget, ...(budget?.money && spec.cost) } },
        timeout: spec.trainer.timeout,
      },
    },
  };
}

async function pythonOf(deps: ActivityDeps, code: CodeBundle, signal: AbortSignal): Promise<CodePython> {
  const progress = (message: string) => AttemptLog.current().progress({ message });
  return await deps.environment(code, await deps.codeFolder(code, { signal }), { signal, progress });
}

/** An evaluation depends on its rows, both models and what is measured; what the gate makes of it is judged anew. */
export async function evaluateFacts(deps: ActivityDeps, input: EvaluateInput, signal: AbortSignal): Promise<StepFacts> {
  const [{ spec }, { state }] = await Promise.all([
    readManifest<StoredSpec>(deps.remembered, input.spec, { signal }),
    deps.ledger(input.model).read({ signal }),
  ]);
  const { version, bundle } = state.champion ?? { version: 0, bundle: null };
  return {
    spec,
    material: {
      inputs: { split: input.split.sha256, candidate: input.bundle.sha256, champion: { version, bundle } },
      parameters: {
        spec: without(spec, ...SPEC_NEVER, ...BEFORE_TRAINING, 'search', 'trainer', 'gate'),
        input: without(input, ...INPUT_NEVER),
        seed: spec.trainer.seed,
        gateMetrics: gateMetrics(spec.gate),
      },
    },
  };
}

function without(all: object, ...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
}
