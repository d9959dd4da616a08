import { describe, expect, it } from 'vitest';
import { plainEnvironment, trainingPlace } from '../../activities/training-place.js';
import { defineModel } from '../../src/define-model.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';
import { toySpec } from '../support/toy-data.js';

const trainerOf = (trainer: ModelSpecInput['trainer']) => defineModel(toySpec('m', '/data', { trainer })).trainer;
const environment = { MODE: 'fast', TOKEN: { env: 'FAR_TOKEN' } };

describe('where a training goes that the worker does not do', () => {
  it('is nowhere for the kinds that it does', () => {
    expect(trainingPlace(trainerOf({}))).toBeUndefined();
    expect(trainingPlace(trainerOf({ command: ['train'] }))).toBeUndefined();
  });

  it('names secrets by what they are called there, and takes no value of them along', () => {
    const activity = { name: 'train', taskQueue: 'far' };
    const trainer = trainerOf({ kind: 'activity', activity, environment });
    const place = trainingPlace(trainer, { FAR_TOKEN: 'hunter2' });
    expect(place).toEqual({ ...activity, secrets: { TOKEN: 'FAR_TOKEN' } });
    expect(plainEnvironment(trainer.environment)).toEqual({ MODE: 'fast' });
  });

  it('is the cluster that the spec or the environment of the worker names, with what the job needs there', () => {
    const resources = { cpus: 4, gpus: 1, memory: '2GiB' };
    const trainer = trainerOf({ kind: 'ray', ray: { packages: ['torch==2.9'] }, resources });
    expect(trainingPlace(trainer, { RAY_ADDRESS: 'http://ray:8265' })).toEqual({
      address: 'http://ray:8265',
      packages: ['torch==2.9'],
      cpus: 4,
      gpus: 1,
      memoryBytes: 2 ** 31,
      secrets: {},
    });
    expect(() => trainingPlace(trainer, {})).toThrow('RAY_ADDRESS');
    expect(trainingPlace(trainerOf({ kind: 'ray', ray: { address: 'http://other:8265' } }), {})).toMatchObject({
      address: 'http://other:8265',
    });
  });

  it('must be named by a spec of the kind activity', () => {
    expect(() => trainerOf({ kind: 'activity' })).toThrow('trainer.activity');
  });
});
