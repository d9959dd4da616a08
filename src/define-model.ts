import { specInvalid } from './spec/invalid.js';
import { pathText } from './spec/path.js';
import { validateSpec } from './spec/validate.js';
import type { ModelSpec, ModelSpecInput } from './spec/spec.js';

/**
 * Declares a model in TypeScript or JavaScript. Gives the same object as `readSpecFile` gives for a YAML file of the same
 * content: defaults filled in, everything checked. Relative paths stay as written; `readSpecFile` of the module that
 * exports the model (as its default export) resolves them against the module's folder.
 *
 * @throws {SpecInvalidError} with all problems, each with its path.
 */
export function defineModel(input: ModelSpecInput): ModelSpec {
  const result = validateSpec(input);
  if ('spec' in result) return result.spec;
  throw specInvalid(
    `model spec ${nameOf(input)}`,
    result.issues.map(({ path, message }) => ({ path: pathText(path), message })),
  );
}

function nameOf(input: unknown): string {
  const name = typeof input === 'object' && input !== null ? (input as { name?: unknown }).name : undefined;
  return typeof name === 'string' && name.length <= 63 ? `"${name}"` : 'without a usable name';
}
