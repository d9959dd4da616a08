import { z } from 'zod';
import { modelSpecSchema } from './spec.js';

/** The JSON Schema of a model spec as people write it, for editors and other tools (draft 2020-12). */
export function specJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(modelSpecSchema, { io: 'input' });
  return {
    $schema,
    title: 'Perennial model spec',
    description: 'Declares a model: objective, data, contract, trainer, gate, rollout and triggers.',
    ...rest,
  };
}
