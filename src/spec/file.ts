import path from 'node:path';
import { compileContractFile } from '../contracts/index.js';
import { pairIssues } from '../contracts/pair.js';
import { UsageError, type SpecInvalidError, type SpecProblem } from '../errors.js';
import { specInvalid } from './invalid.js';
import { loadSpecModule } from './module.js';
import { pathText, type SpecIssue, type SpecPath } from './path.js';
import { readText, type TextProblem } from './text.js';
import { validateSpec } from './validate.js';
import { parseYaml } from './yaml.js';
import type { ModelSpec, StoredSpec } from './spec.js';

/** A spec as it was read, with what `apply` puts into the store beside it. */
export interface ReadSpec extends StoredSpec {
  /** The folder that `trainer.code` names, packed: the bytes of `code`. */
  readonly codeTar?: Buffer;
}

/** Gives a problem its place in the file. */
type Placer = (path: SpecPath, at?: 'key') => { line?: number; column?: number };

/**
 * Reads a model spec from a YAML file (`.yaml`, `.yml`, `.json`) or a module (`.ts`, `.mts`, `.js`, `.mjs`) whose default
 * export is a model, together with the SQL and the contract file that it names, and the folder of its code, packed. Paths
 * in it are taken relative to the file.
 *
 * @param file path of the spec file; problems name it as it is given here
 * @throws {SpecInvalidError} with all problems, each with file, line and column (in a module: file and path)
 * @throws {UsageError} when there is no such file or its ending is none of these
 */
export async function readSpecFile(file: string): Promise<ReadSpec> {
  const ending = path.extname(file).toLowerCase();
  if (['.ts', '.mts', '.js', '.mjs'].includes(ending)) {
    return finish(file, await loadSpecModule(file), () => ({}));
  }
  if (!['.yaml', '.yml', '.json'].includes(ending)) {
    const message = `Cannot read model spec "${file}": found the ending "${ending}", want .yaml, .yml, .json, .ts or .mjs`;
    throw new UsageError(message, { fix: 'Name a spec file, or make one: perennial init', details: { file } });
  }
  const read = await readText(file);
  if ('problem' in read) {
    const { kind, message, ...place } = read.problem;
    if (kind === 'unfit') throw invalid(file, [{ path: '', message, file, ...place }]);
    throw new UsageError(`Cannot read model spec "${file}": ${message}`, {
      fix: 'Check the path, or make a spec: perennial init',
      details: { file },
    });
  }
  const yaml = parseYaml(read.text);
  if (yaml.syntax.length > 0) {
    throw invalid(
      file,
      yaml.syntax.map(({ message, place }) => ({ path: '', message, file, ...place })),
    );
  }
  return finish(file, yaml.value, (at, key) => yaml.place(at, key));
}

/**
 * Reads a model spec from YAML text, without any of the files that it names.
 *
 * @param file how problems name the text
 * @throws {SpecInvalidError} with all problems
 */
export function parseSpec(text: string, file = 'spec.yaml'): ModelSpec {
  const yaml = parseYaml(text);
  if (yaml.syntax.length > 0) {
    throw invalid(
      file,
      yaml.syntax.map(({ message, place }) => ({ path: '', message, file, ...place })),
    );
  }
  const result = validateSpec(yaml.value);
  if ('spec' in result) return result.spec;
  throw invalid(
    file,
    placed(file, result.issues, (at, key) => yaml.place(at, key)),
  );
}

async function finish(file: string, value: unknown, place: Placer): Promise<ReadSpec> {
  const result = validateSpec(value);
  const folder = path.dirname(path.resolve(file));
  const issues = 'issues' in result ? [...result.issues] : [];
  const isNew = ({ path: [top] }: SpecIssue) => !issues.some((issue) => issue.path[0] === top);
  const prepare = await readPrepare(folder, value);
  if (prepare && 'issue' in prepare && isNew(prepare.issue)) issues.push(prepare.issue);
  const code = await readTrainerCode(folder, value);
  if (code && 'issues' in code) issues.push(...code.issues.filter((issue) => !isKnown(issues, issue)));
  const contract = await readContract(file, value, 'spec' in result ? result.spec : undefined);
  issues.push(...(contract?.issues ?? []).filter((issue) => issue.path[0] !== 'contract' || isNew(issue)));
  const inContract = contract?.problems ?? [];
  if ('issues' in result || issues.length > 0 || inContract.length > 0) {
    throw invalid(file, [...placed(file, issues, place), ...inContract]);
  }
  return {
    spec: withAbsolutePaths(result.spec, folder),
    ...(prepare && 'text' in prepare ? { prepareSql: prepare.text } : {}),
    ...(contract?.document ? { contractFile: contract.document } : {}),
    ...(code && 'tar' in code ? { code: code.bundle, codeTar: code.tar } : {}),
  };
}

/** The folder of the trainer, packed. */
async function readTrainerCode(folder: string, value: unknown) {
  const named = (value as { trainer?: { code?: unknown } | null } | null | undefined)?.trainer?.code;
  if (named === undefined) return undefined;
  return await (await import('../code/read-code.js')).readCode(folder, value);
}

/** Whether the same place has a problem already. */
function isKnown(issues: readonly SpecIssue[], { path: wanted }: SpecIssue): boolean {
  return issues.some((issue) => pathText(issue.path) === pathText(wanted));
}

interface ReadContract {
  readonly document?: StoredSpec['contractFile'];
  /** Of the spec. */
  readonly issues?: readonly SpecIssue[];
  /** Of the contract file. */
  readonly problems?: readonly SpecProblem[];
}

/** The contract file that the spec names, and whether it fits the spec as far as that is right. */
async function readContract(
  file: string,
  value: unknown,
  spec: ModelSpec | undefined,
): Promise<ReadContract | undefined> {
  const name = (value as { contract?: unknown } | null | undefined)?.contract;
  if (typeof name !== 'string' || name === '' || name.includes('\0')) return undefined;
  const { readContractFile } = await import('../contracts/contract-file.js');
  const shown = path.isAbsolute(name) ? name : path.join(path.dirname(file), name);
  const read = await readContractFile(path.resolve(shown), shown);
  if ('unread' in read) return { issues: [unreadable('contract', 'contract', name, read.unread)] };
  if ('problems' in read) return read;
  const { document: contractFile } = read;
  if (!spec) return { document: contractFile };
  const { contract, problems } = compileContractFile({ spec, contractFile });
  // What does not fit because the contract is wrong is no second problem.
  if (problems.length > 0) return { problems: read.problemsAt(problems) };
  return { document: contractFile, issues: pairIssues(spec, contract) };
}

async function readPrepare(
  folder: string,
  value: unknown,
): Promise<{ text: string } | { issue: SpecIssue } | undefined> {
  const prepare = (value as { prepare?: unknown } | null | undefined)?.prepare;
  if (typeof prepare !== 'string' || prepare === '' || prepare.includes('\0')) return undefined;
  const read = await readText(path.resolve(folder, prepare));
  if ('text' in read && /\S/.test(read.text)) return read;
  const problem = 'text' in read ? { message: 'found an empty file, want SQL' } : read.problem;
  return { issue: unreadable('prepare', 'SQL', prepare, problem) };
}

function unreadable(key: string, kind: string, file: string, problem: Omit<TextProblem, 'kind'>): SpecIssue {
  const inside = problem.line === undefined ? '' : ` at ${problem.line}:${problem.column}`;
  return {
    path: [key],
    message: `cannot read the ${kind} file "${file}" beside the spec: ${problem.message}${inside}`,
  };
}

function withAbsolutePaths(spec: ModelSpec, folder: string): ModelSpec {
  const sources = Object.entries(spec.sources).map(([name, source]) => [
    name,
    source.kind === 'file' ? { ...source, path: path.resolve(folder, source.path) } : source,
  ]);
  // A trainer works in a folder of its own, where ./train.py would not be found. With code it is in the bundle.
  const beside = spec.trainer.code === undefined ? spec.trainer.command : undefined;
  const command = beside?.map((word) => (/^\.{1,2}\//.test(word) ? path.resolve(folder, word) : word));
  const trainer = command ? { ...spec.trainer, command } : spec.trainer;
  return { ...spec, trainer, sources: Object.fromEntries(sources) as ModelSpec['sources'] };
}

function placed(file: string, issues: readonly SpecIssue[], place: Placer): SpecProblem[] {
  return issues
    .map((issue) => ({ path: pathText(issue.path), message: issue.message, file, ...place(issue.path, issue.at) }))
    .toSorted(byPlace);
}

function byPlace(a: SpecProblem, b: SpecProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function invalid(file: string, problems: readonly SpecProblem[]): SpecInvalidError {
  return specInvalid(`model spec "${file}"`, problems, { spec: file });
}
