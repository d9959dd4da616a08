import { sizeBytes } from '../src/domain/size.js';
import { trainerKind } from '../src/domain/trainer-kind.js';
import { TrainerEnvironmentError } from '../src/errors.js';
import type { TrainerSpec } from '../src/spec/spec.js';

/** Where a training goes that is not done by the worker, in the words of the trainer that takes it there. */
export type TrainingPlace = Readonly<Record<string, unknown>> & {
  /** Variables of the trainer, by the names under which the far machine has their values: no secret leaves this one. */
  readonly secrets: Readonly<Record<string, string>>;
};

/**
 * Of the kinds `activity` and `ray`; undefined for all others.
 * @throws {TrainerEnvironmentError} when the variable that names a cluster is not set here
 */
export function trainingPlace(
  trainer: TrainerSpec,
  here: Readonly<Record<string, string | undefined>> = process.env,
): TrainingPlace | undefined {
  const kind = trainerKind(trainer);
  if (kind !== 'activity' && kind !== 'ray') return undefined;
  const secrets = Object.fromEntries(
    Object.entries(trainer.environment).flatMap(([name, value]) =>
      typeof value === 'string' ? [] : [[name, value.env]],
    ),
  );
  if (kind === 'activity') return { ...trainer.activity, secrets };
  const { address = { env: 'RAY_ADDRESS' }, packages } = trainer.ray ?? {};
  const { cpus, gpus, memory } = trainer.resources;
  return {
    address: typeof address === 'string' ? address : addressIn(address.env, here),
    ...(packages && { packages }),
    cpus,
    gpus,
    ...(memory !== undefined && { memoryBytes: sizeBytes(memory) }),
    secrets,
  };
}

/** The variables that are no secrets: they go with the job. */
export function plainEnvironment(declared: TrainerSpec['environment']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

function addressIn(env: string, here: Readonly<Record<string, string | undefined>>): string {
  const address = here[env];
  if (address) return address;
  throw new TrainerEnvironmentError(
    `Cannot train on Ray: ${env} names the cluster, and is not set where the worker runs`,
    {
      fix: `Start the workers with ${env}=http://HOST:8265, or set trainer.ray.address in the spec.`,
      details: { env },
    },
  );
}
