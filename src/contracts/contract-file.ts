import type { SpecProblem } from '../errors.js';
import { pathText, type SpecIssue, type SpecPath } from '../spec/path.js';
import { plainJson } from '../spec/plain.js';
import { readText, type TextProblem } from '../spec/text.js';
import { parseYaml } from '../spec/yaml.js';
import { checkOdcs } from './odcs-schema.js';
import type { OdcsDocument } from './odcs.js';

/** A contract file that is valid under the standard. */
export interface ContractFile {
  readonly document: OdcsDocument & Readonly<Record<string, unknown>>;
  /** Problems found later, with their places in the file. */
  problemsAt(issues: readonly SpecIssue[]): SpecProblem[];
}

/**
 * Reads a contract file of the Open Data Contract Standard, YAML or JSON, of at most 1 MiB.
 *
 * @param file where it is
 * @param shown how problems name it
 * @returns `unread` when there is no such file or it cannot be opened; `problems` when it is no valid contract
 */
export async function readContractFile(
  file: string,
  shown: string,
): Promise<ContractFile | { readonly problems: SpecProblem[] } | { readonly unread: TextProblem }> {
  const read = await readText(file);
  if ('problem' in read) return { unread: read.problem };
  const yaml = parseYaml(read.text, 'a data contract');
  if (yaml.syntax.length > 0) {
    return { problems: yaml.syntax.map(({ message, place }) => ({ path: '', message, file: shown, ...place })) };
  }
  const problemsAt = (issues: readonly SpecIssue[]) =>
    issues
      .map(({ path, message, at }) => ({ path: pathText(path), message, file: shown, ...place(path, at) }))
      .toSorted((a, b) => a.line - b.line || a.column - b.column);
  const place = (path: SpecPath, at?: 'key') => yaml.place(path, at);
  const plain = plainJson(yaml.value);
  const issues = [...plain.issues, ...(await checkOdcs(plain.value))];
  if (issues.length > 0) return { problems: problemsAt(issues.slice(0, MAX_PROBLEMS)) };
  // The standard's schema has just said so.
  return { document: plain.value as ContractFile['document'], problemsAt };
}

const MAX_PROBLEMS = 100;
