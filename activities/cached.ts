import type { CacheUse } from '../src/domain/run.js';
import type { ModelSpec } from '../src/spec/spec.js';
import { MendingStore } from '../src/stores/mending-store.js';
import { findStep, keepStep, type FoundStep, type StepMaterial } from '../src/stores/step-cache.js';
import type { CachedStepName } from './cache-code.js';
import type { ActivityDeps } from './deps.js';

export type Work<Input, Output> = (deps: ActivityDeps, input: Input, signal: AbortSignal) => Promise<Output>;

/** What the result of a step is made of beside its code, and what the spec says about taking it from the cache. */
export interface StepFacts {
  readonly spec: ModelSpec;
  /** In place of it half a sentence: why nobody can say what the result depends on. Then it is made each time. */
  readonly material: Pick<StepMaterial, 'inputs' | 'parameters'> | string;
}

/** A step whose results are kept: equal material gives equal results, and all of a result is in the store. */
export interface CachedStep<Input, Output> {
  readonly name: CachedStepName;
  readonly work: Work<Input, Output>;
  /** Asked before the step is done. What it does not tell must not change the result. */
  readonly facts: Work<Input, StepFacts>;
  /** Whether a result is that of the material: the world may have moved while it was made. Default: it is. */
  fits?(output: Output, material: StepMaterial): boolean;
  /** Another result of which this step's can be made at once. */
  readonly alike?: {
    /** Under which results are kept as well. */
    material(material: StepMaterial): StepMaterial;
    /** Whether a result can be made of one that is kept so. */
    serves(input: Input, material: StepMaterial): boolean;
    /** Undefined when it turns out not to follow. */
    readonly adapt: (
      deps: ActivityDeps,
      input: Input,
      output: Output,
      signal: AbortSignal,
    ) => Promise<Output | undefined>;
  };
}

/** What a step gave, and first of all whether it was done for it: people read it from the top in the Temporal UI. */
export type CachedOutput<Output> = { readonly cache: CacheUse } & Output;

interface StepInput {
  readonly model: string;
  readonly run: number;
  /** `false`: nothing that is kept is taken; what is made is kept all the same. */
  readonly cache?: boolean;
}

interface StepOutput {
  readonly message: string;
}

/**
 * A step that takes the result of an earlier run on the very same material, once every object of it was read from the
 * store and hashed, and does its work otherwise. What was lost or damaged there is mended on the way. Nothing is kept of
 * work that failed or was cancelled.
 *
 * @param code digest of the programs that do a step
 */
export function cached<Input extends StepInput, Output extends StepOutput>(
  step: CachedStep<Input, Output>,
  code: (step: CachedStepName) => Promise<string>,
): Work<Input & { readonly cache?: boolean }, CachedOutput<Output>> {
  return async (deps, input, signal) => {
    const { spec, material: facts } = await step.facts(deps, input, signal);
    const cache = input.cache === false || spec.cache[step.name] === 'off' ? 'off' : 'miss';
    // Without it, what is there and damaged would be taken for what is being made.
    const mending = { ...deps, store: new MendingStore(deps.store) };
    if (typeof facts === 'string') {
      return { cache, ...withNote(await step.work(mending, input, signal), `not kept: ${facts}`) };
    }
    const material = { step: step.name, code: await code(step.name), ...facts };
    const found = cache === 'off' ? NONE : await find(step, mending, input, material, signal);
    if (found.kind === 'found') {
      const { output, origin } = found;
      return {
        cache: 'hit',
        ...output,
        message: `taken from run ${origin.run} of ${day(origin.at)}: ${output.message}`,
      };
    }
    const output = await step.work(mending, input, signal);
    const unkept = await keep(step, deps, input, material, output, signal);
    return { cache, ...withNote(output, found.kind === 'damaged' && `made again: ${found.why}`, unkept) };
  };
}

/**
 * Keeps what others have made as the result of a step: the next one on the same material finds it.
 *
 * @returns half a sentence when it could not be kept
 */
export async function keepAs<Input extends StepInput, Output extends StepOutput>(
  step: CachedStep<Input, Output>,
  code: (step: CachedStepName) => Promise<string>,
  { deps, input, signal }: { readonly deps: ActivityDeps; readonly input: Input; readonly signal: AbortSignal },
  output: Output,
): Promise<string | undefined> {
  const { material: facts } = await step.facts(deps, input, signal);
  if (typeof facts === 'string') return `not kept: ${facts}`;
  return await keep(step, deps, input, { step: step.name, code: await code(step.name), ...facts }, output, signal);
}

const NONE = { kind: 'none' } as const;

async function find<Input extends StepInput, Output extends StepOutput>(
  step: CachedStep<Input, Output>,
  deps: ActivityDeps,
  input: Input,
  material: StepMaterial,
  signal: AbortSignal,
): Promise<FoundStep<Output>> {
  const own = await findStep<Output>(deps.store, material, { signal });
  if (own.kind === 'found' || !step.alike?.serves(input, material)) return own;
  const near = await findStep<Output>(deps.store, step.alike.material(material), { signal });
  if (near.kind !== 'found') return own;
  const output = await step.alike.adapt(deps, input, near.output, signal);
  if (!output) return own;
  await keep(step, deps, input, material, output, signal);
  return { ...near, output };
}

/** Gives half a sentence back when it could not be kept: the work is done all the same. */
async function keep<Input extends StepInput, Output extends StepOutput>(
  step: CachedStep<Input, Output>,
  { store }: ActivityDeps,
  { model, run }: Input,
  material: StepMaterial,
  output: Output,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (signal.aborted || step.fits?.(output, material) === false) return undefined;
  const origin = { model, run, at: new Date().toISOString() };
  const materials = [material, ...(step.alike ? [step.alike.material(material)] : [])];
  try {
    await Promise.all(materials.map((each) => keepStep(store, each, output, origin, { signal })));
    return undefined;
  } catch (error) {
    return `not kept: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function withNote<Output extends StepOutput>(
  output: Output,
  ...notes: readonly (string | false | undefined)[]
): Output {
  return { ...output, message: [output.message, ...notes.filter(Boolean)].join('; ') };
}

function day(at: string): string {
  return at.slice(0, 10);
}
