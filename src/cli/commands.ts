import type { Command } from './command.js';

/** The commands in the order of the help, each loaded on demand. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import('./init.js')).init,
  validate: async () => (await import('./validate.js')).validate,
  schema: async () => (await import('./schema.js')).schema,
  version: async () => (await import('./version.js')).version,
};
