import type { CommandGroup } from './command.js';

export const contract: CommandGroup = {
  name: 'contract',
  summary: 'Writes, checks and compares data contracts of the Open Data Contract Standard.',
  examples: ['contract infer orders.csv -o contract.odcs.yaml', 'contract check contract.odcs.yaml orders.csv'],
  commands: {
    infer: async () => (await import('./contract-infer.js')).infer,
    check: async () => (await import('./contract-check.js')).check,
    diff: async () => (await import('./contract-diff.js')).diff,
    import: async () => (await import('./contract-import.js')).importSchema,
    export: async () => (await import('./contract-export.js')).exportSchema,
  },
};
