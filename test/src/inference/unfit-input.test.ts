import { describe, expect, it } from 'vitest';
import type { ColumnType } from '../../../src/domain/data.js';
import type { TensorType } from '../../../src/domain/model.js';
import { unfitInput } from '../../../src/inference/unfit-input.js';

const input = (name: string, datatype: TensorType) => ({ name, datatype, shape: [-1, 1] });
const inputs = [input('channel', 'BYTES'), input('price', 'FP32')];
const table = (price: ColumnType) => [
  { name: 'channel', type: 'string' as const },
  { name: 'price', type: price },
  { name: 'bought', type: 'boolean' as const },
];

describe('unfitInput', () => {
  it.each(['integer', 'number', 'boolean'] as const)('takes a column of type %s for a number', (type) => {
    expect(unfitInput(inputs, table(type), 'bought')).toBeUndefined();
  });

  it.each(['string', 'timestamp', 'date', 'other'] as const)(
    'names the input when its column is of type %s',
    (type) => {
      const reason = `its input "price" takes numbers, and that column is of type ${type} now`;
      expect(unfitInput(inputs, table(type), 'bought')).toBe(reason);
    },
  );

  it('names an input for texts whose column holds numbers now', () => {
    expect(unfitInput([input('price', 'BYTES')], table('integer'), 'bought')).toBe(
      'its input "price" takes texts, and that column is of type integer now',
    );
  });

  it('names an input without a column, also one that every object has', () => {
    for (const name of ['visits', 'constructor', '__proto__']) {
      const reason = `its input "${name}" is not in the training table any more`;
      expect(unfitInput([...inputs, input(name, 'FP32')], table('number'), 'bought')).toBe(reason);
    }
  });

  it('lets no input see the label', () => {
    expect(unfitInput([...inputs, input('bought', 'FP32')], table('number'), 'bought')).toBe(
      'its input "bought" is the label now',
    );
  });
});
