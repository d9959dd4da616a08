import type { CompiledOdcs } from '../contracts/compile-odcs.js';
import type { ContractFile } from '../contracts/contract-file.js';
import { UsageError } from '../errors.js';

/**
 * A contract file by itself, each of its tables by its own name.
 *
 * @throws {SpecInvalidError} with every problem and its place
 */
export async function readContract(file: string): Promise<{ file: ContractFile; compiled: CompiledOdcs }> {
  const [{ readContractFile }, { compileOdcs }, { specInvalid }] = await Promise.all([
    import('../contracts/contract-file.js'),
    import('../contracts/compile-odcs.js'),
    import('../spec/invalid.js'),
  ]);
  const read = await readContractFile(file, file);
  if ('unread' in read) {
    throw new UsageError(`Cannot read contract "${file}": ${read.unread.message}`, {
      fix: 'Check the path, or write a first contract: perennial contract infer <file>',
    });
  }
  const compiled = 'document' in read ? compileOdcs(read.document) : undefined;
  const problems = 'document' in read ? read.problemsAt(compiled?.problems ?? []) : read.problems;
  if (compiled && 'document' in read && problems.length === 0) return { file: read, compiled };
  throw specInvalid(`contract "${file}"`, problems, { fix: 'Change the places named, then run it again.' });
}
