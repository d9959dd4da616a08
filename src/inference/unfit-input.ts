import type { Column, ColumnType } from '../domain/data.js';
import type { TensorSpec } from '../domain/model.js';

/**
 * Why a table cannot feed a model, as half a sentence that names the first input that does not fit; undefined when every
 * input has a column of a type that it takes. Single values may still be refused when the model is run.
 *
 * @param label the table's column with the answers, which no input may see
 */
export function unfitInput(
  inputs: readonly TensorSpec[],
  columns: readonly Column[],
  label: string,
): string | undefined {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  for (const { name, datatype } of inputs) {
    const type = types.get(name);
    if (type === undefined) return `its input "${name}" is not in the training table any more`;
    if (name === label) return `its input "${name}" is the label now`;
    const wanted = datatype === 'BYTES' ? 'texts' : 'numbers';
    if (KIND[type] !== wanted) return `its input "${name}" takes ${wanted}, and that column is of type ${type} now`;
  }
  return undefined;
}

// A timestamp could pass for a number, of milliseconds: not the number that the model learned from.
const KIND: Readonly<Record<ColumnType, 'texts' | 'numbers' | 'neither'>> = {
  string: 'texts',
  integer: 'numbers',
  number: 'numbers',
  boolean: 'numbers',
  timestamp: 'neither',
  date: 'neither',
  other: 'neither',
};
