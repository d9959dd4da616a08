import { execFile } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { TrainerFailedError, TrainerHostError } from '../errors.js';
import { textCleaner } from './clean-text.js';
import { trainerEnvironment } from './trainer-environment.js';

/** What an interpreter says of itself; it cannot change while its file stays as it is. */
interface Interpreter {
  readonly version: string;
  /** Folders in which it looks for packages. */
  readonly paths: readonly string[];
  /** Folder of `perennial_trainer`. */
  readonly trainer: string;
}

const ASK = `
import importlib.util, json, os, sys
spec = importlib.util.find_spec("perennial_trainer")
paths = [os.path.abspath(path) for path in sys.path if os.path.isdir(path)]
print(json.dumps({"version": sys.version, "paths": paths, "trainer": os.path.dirname(spec.origin)}))
`;
const ASK_TIMEOUT_MS = 30_000;
const REASON_LENGTH = 300;

/**
 * Tells interpreters apart by what they would train with: their version, the code of `perennial_trainer`, and the names,
 * versions and files of all installed packages, as their installers have listed them. The interpreter itself is asked once,
 * which takes a tenth of a second; the rest is looked at each time, so that a package that was updated meanwhile is noticed.
 */
export class PythonIdentity {
  readonly #asked = new Map<string, Promise<Interpreter>>();

  /** @throws TrainerFailedError when it is no Python that has the trainer, TrainerHostError when it does not answer */
  async of(python: string): Promise<readonly string[]> {
    const { version, paths, trainer } = await this.#interpreter(python).catch((error: unknown) => {
      throw unusable(python, error);
    });
    const [code, ...packages] = await Promise.all([codeOf(trainer), ...paths.map(packagesIn)]);
    return [version, code, ...packages.flat().toSorted()];
  }

  async #interpreter(python: string): Promise<Interpreter> {
    const file = await realpath(python);
    const { mtimeMs, size } = await stat(file);
    const name = JSON.stringify([python, file, mtimeMs, size]);
    const asked = this.#asked.get(name) ?? ask(python);
    this.#asked.set(name, asked);
    asked.catch(() => this.#asked.delete(name));
    return await asked;
  }
}

async function ask(python: string): Promise<Interpreter> {
  const { stdout } = await promisify(execFile)(python, ['-c', ASK], {
    env: trainerEnvironment(tmpdir(), {}),
    timeout: ASK_TIMEOUT_MS,
  });
  // What is printed while Python starts comes before.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Interpreter; // printed by the program above
}

function unusable(python: string, error: unknown): TrainerFailedError | TrainerHostError {
  const { stderr = '', killed, code, message } = error as Error & { stderr?: string; killed?: boolean; code?: unknown };
  const what = `Cannot train with the Python "${python}"`;
  if (killed === true || code === 'EAGAIN' || code === 'ENOMEM') {
    return new TrainerHostError(`${what}: it did not answer`, { fix: 'nothing: it is tried again', cause: error });
  }
  const said = textCleaner()(stderr.trim().split('\n').at(-1) ?? '', REASON_LENGTH);
  return new TrainerFailedError(`${what}: ${code === 'ENOENT' ? 'it is not there' : said || message.split('\n')[0]}`, {
    fix: 'look whether it has perennial_trainer: perennial doctor',
    cause: error,
  });
}

/** Installers keep a folder for each package that is named after it and its version. */
async function packagesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const packages = names.filter((name) => /\.(dist-info|egg-info)$/.test(name));
  return await Promise.all(packages.map(async (name) => `${name} ${await filesOf(path.join(folder, name, 'RECORD'))}`));
}

/** A digest of the list of a package's files: another build may have the same version. Nothing where there is no list. */
async function filesOf(record: string): Promise<string> {
  const facts = await stat(record).catch(() => undefined);
  if (!facts?.isFile()) return '';
  return await digestOnce(record, JSON.stringify([facts.ctimeMs, facts.size]), async (hash) => {
    const lines = (await readFile(record, 'utf8')).split('\n').map((line) => line.trimEnd());
    hash.update(lines.filter(isOfPackage).toSorted().join('\n'));
  });
}

/** Compiled files have no digest; notes of the installer and programs differ from one place to the next. */
function isOfPackage(line: string): boolean {
  return line.includes(',sha256=') && !/^(\.\.\/|[^/]*\.dist-info\/)/.test(line);
}

async function codeOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
  const facts = await Promise.all(files.map((file) => stat(file)));
  const look = JSON.stringify(files.map((file, index) => [file, facts[index]?.ctimeMs, facts[index]?.size]));
  return await digestOnce(folder, look, async (hash) => {
    const bytes = await Promise.all(files.map((file) => readFile(file)));
    files.forEach((file, index) => {
      const content = bytes[index] ?? Buffer.alloc(0);
      hash.update(`${path.relative(folder, file)}\0${content.length}\0`).update(content);
    });
  });
}

/** Digests of what was read, by what the files looked like then. */
const digests = new Map<string, { readonly look: string; readonly digest: string }>();

async function digestOnce(place: string, look: string, read: (hash: Hash) => Promise<void>): Promise<string> {
  const before = digests.get(place);
  if (before?.look === look) return before.digest;
  const hash = createHash('sha256');
  await read(hash);
  const digest = hash.digest('hex');
  digests.set(place, { look, digest });
  return digest;
}
