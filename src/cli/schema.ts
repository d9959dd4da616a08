import type { Command } from './command.js';

export const schema: Command = {
  name: 'schema',
  summary: 'Prints the JSON Schema of model specs, for editors.',
  examples: ['schema > perennial.schema.json'],
  async run({ answer }) {
    const { specJsonSchema } = await import('../spec/json-schema.js');
    const document = specJsonSchema();
    answer({ schema: document }, () => JSON.stringify(document, null, 2));
  },
};
