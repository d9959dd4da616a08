import { expect, it } from 'vitest';
import { resourcesOf } from '../../../src/cli/worker-resources.js';
import { UsageError } from '../../../src/errors.js';

const given = (options: Readonly<Record<string, string>>) => resourcesOf({ text: (name) => options[name] });

it('what a worker declares on the command line', () => {
  expect(given({})).toEqual({});
  expect(given({ class: 'cpu, gpu,gpu', cpus: '0.5', memory: '32GiB', gpus: '1' })).toEqual({
    classes: ['cpu', 'gpu'],
    cpus: 0.5,
    memoryBytes: 32 * 2 ** 30,
    gpus: 1,
  });
});

it.each([{ cpus: 'many' }, { cpus: '-1' }, { gpus: '' }, { memory: '32' }, { memory: 'lots' }])(
  'refuses %o',
  (options) => {
    expect(() => given(options)).toThrow(UsageError);
  },
);
