import type { CommandGroup } from './command.js';

export const search: CommandGroup = {
  name: 'search',
  summary: 'Looks into searches for hyperparameters.',
  examples: ['search show returns', 'search show returns 3 -o search.svg'],
  commands: {
    show: async () => (await import('./search-show.js')).show,
  },
};
