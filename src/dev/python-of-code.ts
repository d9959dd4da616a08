import { existsSync } from 'node:fs';
import path from 'node:path';
import { markUsed } from '../cache-sweep.js';
import type { CodeBundle } from '../domain/code.js';
import { interpreterFacts } from './base-python.js';
import { lockedPython, type InstallOptions, type LockedPython } from './python-locked.js';
import { mustRun } from './run-command.js';
import { asTrainer } from './trainer-view.js';

interface CodePython extends LockedPython {
  /** Example: `3.11.7`. */
  readonly version: string;
}

const VERSION = 'import platform; print(platform.python_version())';

/** The Pythons in which the code of bundles runs: that which a bundle locks, else that of the built-in estimators. */
export class CodePythons {
  readonly #own: () => Promise<string>;
  /** Asking interpreters takes a tenth of a second, which is more than a warm training takes to start. */
  readonly #known = new Map<string, CodePython>();

  /** @param own gives the interpreter of the built-in estimators */
  constructor(own: () => Promise<string>) {
    this.#own = own;
  }

  /**
   * @param folder the bundle, unpacked
   * @throws as {@link lockedPython}
   */
  async of({ lock }: CodeBundle, folder: string, options: InstallOptions): Promise<CodePython> {
    if (!lock) return await this.#once(await this.#own(), programsBeside);
    return await this.#once(lock.sha256, () => lockedPython({ folder, lock }, options));
  }

  async #once(name: string, find: (name: string) => Promise<LockedPython>): Promise<CodePython> {
    const known = this.#known.get(name);
    if (known && existsSync(known.python) && (known.folder === undefined || (await markUsed(known.folder))))
      return known;
    const found = await find(name);
    const version = await mustRun(found.python, ['-I', '-c', VERSION], asTrainer());
    const python = { ...found, version: version.trim() };
    this.#known.set(name, python);
    return python;
  }
}

async function programsBeside(python: string): Promise<LockedPython> {
  const facts = await interpreterFacts(python);
  // What does not run says so when it is asked for its version.
  return { python, bin: [path.dirname(facts?.python ?? path.resolve(python))] };
}
