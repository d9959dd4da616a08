import type { Command } from './command.js';

export const init: Command = {
  name: 'init',
  summary: 'Writes a small working model into a folder: a spec, its SQL, and sample data.',
  examples: ['init', 'init shop --name returns', 'init --dry-run'],
  arguments: [{ name: '[folder]', description: 'where to; made when it is not there; default: this folder' }],
  options: [
    { flags: '--name <model>', description: 'name of the model; default: returns' },
    { flags: '--force', description: 'overwrite files that are there and differ' },
    { flags: '--dry-run', description: 'say what would be written, and write nothing' },
  ],
  async run({ words, text, flag, answer, colours }) {
    const [{ starterFiles }, { writeFiles }, { UsageError }] = await Promise.all([
      import('./init-starter.js'),
      import('./init-write.js'),
      import('../errors.js'),
    ]);
    const folder = words[0] ?? '.';
    const name = text('name') ?? 'returns';
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
      throw new UsageError(
        `Cannot name a model "${name.slice(0, 80)}": want lower-case letters, digits and dashes, 1 to 63`,
        { fix: 'perennial init --name my-model' },
      );
    }
    const dryRun = flag('dryRun');
    const files = await writeFiles(folder, await starterFiles(name), { force: flag('force'), dryRun });
    answer({ folder, model: name, dryRun, files }, () => {
      const verbs = { create: dryRun ? 'would write' : 'wrote', overwrite: dryRun ? 'would overwrite' : 'overwrote' };
      const lines = files.map(({ path, action }) => {
        if (action === 'unchanged') return colours.dim(`  unchanged  ${path}`);
        if (action === 'keep') return `  kept       ${path}: yours differs (--force overwrites)`;
        return `  ${verbs[action].padEnd(10)} ${path}`;
      });
      const within = folder === '.' ? '' : `cd ${folder} && `;
      return [...lines, '', `Next: ${within}perennial validate`].join('\n');
    });
  },
};
