import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from './command.js';

export const init: Command = {
  name: 'init',
  summary: 'Writes a small working model into a folder: a spec, its SQL, and sample data.',
  examples: ['init', 'init shop --name returns', 'init --dry-run'],
  arguments: [{ name: '[folder]', description: 'where to; made when it is not there; default: this folder' }],
  options: [
    { flags: '--name <model>', description: 'name of the model; default: that of the folder, else returns' },
    { flags: '--force', description: 'overwrite files that are there and differ' },
    { flags: '--dry-run', description: 'say what would be written, and write nothing' },
  ],
  async run({ words, text, flag, answer, colours }) {
    const [{ starterFiles }, { writeFiles }, { UsageError }, { shellWord }] = await Promise.all([
      import('./init-starter.js'),
      import('./init-write.js'),
      import('../errors.js'),
      import('./shell-word.js'),
    ]);
    const folder = words[0] ?? '.';
    const name = text('name') ?? nameAfter(folder);
    if (!NAME.test(name)) {
      throw new UsageError(
        `Cannot name a model "${name.slice(0, 80)}": want lower-case letters, digits and dashes, 1 to 63`,
        { fix: 'perennial init --name my-model' },
      );
    }
    const dryRun = flag('dryRun');
    const files = await writeFiles(folder, await starterFiles(name), { force: flag('force'), dryRun });
    const spec = path.join(folder, 'perennial.yaml');
    const kept = files.some((file) => file.path === spec && file.action === 'keep');
    const model = (kept ? nameIn(spec) : undefined) ?? name;
    answer({ folder, model, dryRun, files }, () => {
      const verbs = { create: dryRun ? 'would write' : 'wrote', overwrite: dryRun ? 'would overwrite' : 'overwrote' };
      const lines = files.map(({ path, action }) => {
        if (action === 'unchanged') return colours.dim(`  unchanged  ${path}`);
        if (action === 'keep') return `  kept       ${path}: yours differs (--force overwrites)`;
        return `  ${verbs[action].padEnd(10)} ${path}`;
      });
      return [...lines, '', `The model is named "${model}". Next:`, ...nextSteps(shellWord(spec), model)].join('\n');
    });
  },
};

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

function nameAfter(folder: string): string {
  const name = path.basename(path.resolve(folder));
  return NAME.test(name) ? name : 'returns';
}

/** The name in a spec that a person wrote; undefined when it is not plain to see. */
function nameIn(spec: string): string | undefined {
  return /^name:[ \t]*(["']?)([a-z0-9][a-z0-9-]{0,62})\1[ \t]*(?:#.*)?$/m.exec(readFileSync(spec, 'utf8'))?.[2];
}

function nextSteps(spec: string, model: string): string[] {
  return [
    `  perennial validate ${spec}`,
    '  perennial dev    # stays in its terminal; the rest in another one, in this folder',
    `  perennial apply ${spec}`,
    `  perennial run ${model} --wait`,
  ];
}
