import type { Contract } from '../src/domain/contract.js';
import { inspectPart } from '../src/data/inspect-part.js';
import { ContractViolatedError } from '../src/errors.js';
import type { DataJobOptions } from '../src/data/job-options.js';
import type { ModelSpec } from '../src/spec/spec.js';

/**
 * Holds the table that the contract calls `training` against the rows that will train, validate and test, all together. No
 * row can be set aside here, so a rule of severity `quarantine` blocks like one of severity `block`.
 *
 * @param files the Parquet files of the split
 * @returns what people should know although the run goes on, as the end of a sentence; `''` when all is well
 * @throws {ContractViolatedError} naming the owner of the model, whose SQL made the table
 */
export async function checkTraining(
  { sources, owners }: Pick<ModelSpec, 'sources' | 'owners'>,
  { tables }: Contract,
  files: readonly string[],
  options: DataJobOptions,
): Promise<string> {
  const contract = tables['training'];
  if (!contract || Object.hasOwn(sources, 'training')) return '';
  const { findings } = await inspectPart({ files, table: 'training', contract }, options);
  const blocking = findings.filter(({ severity }) => severity !== 'warn');
  if (blocking.length === 0) return findings.map(({ message }) => `; the training table: ${message}`).join('');
  const { model } = owners;
  const shown = blocking.slice(0, 5).map(({ message }) => message);
  const more = blocking.length > shown.length ? ` (and ${blocking.length - shown.length} more findings)` : '';
  throw new ContractViolatedError(
    `the training table breaks the contract: ${shown.join('; ')}${more}. ${model} must act`,
    {
      fix: `${model}: correct the SQL of \`prepare\`, or agree on other rules for the table "training", and apply the spec.`,
      details: { owner: model, columns: blocking.map(({ column }) => column).filter(Boolean), findings: blocking },
    },
  );
}
