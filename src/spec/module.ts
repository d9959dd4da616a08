import { access, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError, type SpecProblem } from '../errors.js';
import { specInvalid } from './invalid.js';
import { visible } from './path.js';

/**
 * The default export of a spec module. TypeScript is read by Node itself where it can (22.18 and later), and else by the
 * `tsx` that the spec's own project has installed.
 *
 * @throws {UsageError} when there is no such file, or nothing here can read TypeScript
 * @throws {SpecInvalidError} when the module fails or has no default export
 */
export async function loadSpecModule(file: string): Promise<unknown> {
  const full = path.resolve(file);
  try {
    await access(full);
  } catch (cause) {
    const fix = 'Check the path, or make a spec: perennial init';
    throw new UsageError(`Cannot read model spec "${file}": found no such file`, { fix, details: { file }, cause });
  }
  const loaded = await load(file, full);
  const model = defaultOf(loaded.default);
  if (model !== undefined) return model;
  throw specInvalid(`model spec "${file}"`, [
    { path: '', message: 'found no default export, want: export default defineModel({...})', file },
  ]);
}

/** In a folder without `"type": "module"` the loader makes CommonJS of a module, and its exports the default. */
function defaultOf(value: unknown): unknown {
  const isWrapped = typeof value === 'object' && value !== null && '__esModule' in value && 'default' in value;
  return isWrapped ? value.default : value;
}

async function load(file: string, full: string): Promise<{ default?: unknown }> {
  const url = pathToFileURL(full).href;
  try {
    return (await import(url)) as { default?: unknown };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw moduleFailed(file, error);
  }
  const tsx = await tsxOf(full);
  if (!tsx) {
    const message = `Cannot read model spec "${file}": Node ${process.versions.node} does not read TypeScript, want tsx`;
    throw new UsageError(message, {
      fix: 'Install it beside the spec (npm install --save-dev tsx), use Node 22.18 or later, or write .mjs or .yaml',
      details: { file },
    });
  }
  try {
    return (await tsx.tsImport(url, url)) as { default?: unknown };
  } catch (error) {
    throw moduleFailed(file, error);
  }
}

interface Tsx {
  tsImport(url: string, parent: string): Promise<unknown>;
}

async function tsxOf(full: string): Promise<Tsx | undefined> {
  try {
    const manifest = createRequire(full).resolve('tsx/package.json');
    const { exports } = JSON.parse(await readFile(manifest, 'utf8')) as {
      exports: { './esm/api': { import: { default: string } } };
    };
    // `require.resolve` would give the CommonJS twin, which cannot do this.
    const entry = path.join(path.dirname(manifest), exports['./esm/api'].import.default);
    return (await import(pathToFileURL(entry).href)) as Tsx;
  } catch {
    return undefined;
  }
}

/** A module that threw: the problems of its own `defineModel`, given the file, or what it said. */
function moduleFailed(file: string, error: unknown): Error {
  // The module may have its own copy of this package, so the class is not compared.
  const { code, problems } = error as { code?: unknown; problems?: readonly SpecProblem[] };
  if (code === 'SPEC.INVALID' && Array.isArray(problems)) {
    return specInvalid(
      `model spec "${file}"`,
      problems.map((problem) => ({ ...problem, file })),
    );
  }
  const said = visible(error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 500);
  const failed = specInvalid(`model spec "${file}"`, [{ path: '', message: `the module failed: ${said}`, file }]);
  failed.cause = error;
  return failed;
}
