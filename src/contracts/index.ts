import type { Contract } from '../domain/contract.js';
import { specInvalid } from '../spec/invalid.js';
import { pathText } from '../spec/path.js';
import type { StoredSpec } from '../spec/spec.js';
import { compileOdcs, type CompiledOdcs } from './compile-odcs.js';
import { inlineContract } from './inline.js';
import type { OdcsDocument } from './odcs.js';

/**
 * The contract of a model in one form, whether it stands in the spec or in a contract file.
 *
 * @throws {SpecInvalidError} when the file contradicts itself or the spec; one that `readSpecFile` gave never does
 */
export function contractOf(stored: Pick<StoredSpec, 'spec' | 'contractFile'>): Contract {
  const { contract } = stored.spec;
  if (typeof contract !== 'string') return inlineContract(contract);
  const { contract: compiled, problems } = compileContractFile(stored);
  if (problems.length === 0) return compiled;
  throw specInvalid(
    `contract "${contract}"`,
    problems.map(({ path, message }) => ({ path: pathText(path), message })),
  );
}

/** The contract file of a spec as rules, with what is wrong in it and what is not checked. */
export function compileContractFile({ spec, contractFile }: Pick<StoredSpec, 'spec' | 'contractFile'>): CompiledOdcs {
  if (contractFile === undefined) {
    const message = `found no text of the contract file "${typeof spec.contract === 'string' ? spec.contract : ''}", want the spec as readSpecFile gives it`;
    return { contract: { tables: {} }, problems: [{ path: [], message }], notes: [] };
  }
  // `checkOdcs` has held it against the standard's schema when it was read.
  const document = contractFile as unknown as OdcsDocument;
  return compileOdcs(document, { sources: Object.keys(spec.sources), training: spec.prepare !== undefined });
}
