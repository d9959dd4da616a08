import type { TensorSpec } from '../domain/model.js';
import { ModelUnusableError } from '../errors.js';
import type { Signature } from './tensor.js';

/**
 * Checks that a model takes exactly the inputs that its bundle declares, in whatever order, and gives at least the
 * outputs that it declares. A size that one side leaves open fits any.
 *
 * @throws {ModelUnusableError} naming every difference
 */
export function checkSignature(declared: Signature, found: Signature): void {
  const problems = [
    ...declared.inputs.flatMap((spec) => difference('input', spec, found.inputs)),
    ...declared.outputs.flatMap((spec) => difference('output', spec, found.outputs)),
    ...found.inputs
      .filter((spec) => !declared.inputs.some(({ name }) => name === spec.name))
      .map((spec) => `the model wants input ${describe(spec)}, which is not declared`),
  ];
  if (problems.length === 0) return;
  throw new ModelUnusableError(`Cannot use the model: it does not fit its signature: ${problems.join('; ')}`, {
    fix: 'Let the trainer export a model with one [None, 1] input a feature and the outputs that the bundle declares.',
    details: { declared, found },
  });
}

function difference(side: 'input' | 'output', declared: TensorSpec, specs: readonly TensorSpec[]): string[] {
  const found = specs.find(({ name }) => name === declared.name);
  if (!found) return [`${side} ${describe(declared)} is declared, the model has none of that name`];
  if (found.datatype === declared.datatype && shapesFit(declared.shape, found.shape)) return [];
  return [`${side} ${describe(declared)} is declared, the model has ${describe(found)}`];
}

function shapesFit(one: readonly number[], other: readonly number[]): boolean {
  return (
    one.length === other.length && one.every((size, axis) => size === -1 || other[axis] === -1 || size === other[axis])
  );
}

function describe({ name, datatype, shape }: TensorSpec): string {
  return `"${name}" ${datatype} [${shape.join(',')}]`;
}
