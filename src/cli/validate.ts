import type { Command } from './command.js';

export const validate: Command = {
  name: 'validate',
  summary: 'Checks a model spec and the SQL that it names, without connecting to anything.',
  examples: ['validate perennial.yaml', 'validate --json model.ts'],
  arguments: [{ name: '[file]', description: 'the spec file; default: perennial.yaml' }],
  async run({ words, answer, note, colours }) {
    const [{ readSpecFile }, { existsSync }] = await Promise.all([import('../spec-file.js'), import('node:fs')]);
    const file = words[0] ?? 'perennial.yaml';
    const { spec, prepareSql } = await readSpecFile(file);
    for (const [name, source] of Object.entries(spec.sources)) {
      // No error: the spec may be checked on another machine than the workers'.
      if (source.kind !== 'file' || existsSync(source.path)) continue;
      note(`warning: source "${name}": there is no "${source.path}" on this machine; a run would fail`);
    }
    answer({ valid: true, file, model: spec.name, spec, ...(prepareSql === undefined ? {} : { prepareSql }) }, () => {
      const sources = Object.entries(spec.sources).map(([name, { kind }]) => `${name} (${kind})`);
      const schedule = spec.triggers.schedule;
      return [
        `${colours.green('valid')}  ${file}`,
        `  model     ${spec.name}: ${spec.objective.statement}`,
        `  data      ${sources.join(', ')}${spec.prepare === undefined ? '' : `, prepared by ${spec.prepare}`}`,
        `  task      ${spec.task.label} from ${spec.task.features.length} features`,
        `  training  ${spec.trainer.command?.join(' ') ?? spec.trainer.estimator}, judged on the newest ${spec.split.test}`,
        `  schedule  ${schedule ? `${schedule.cron} (${schedule.timezone})${schedule.paused ? ', paused' : ''}` : 'none'}`,
      ].join('\n');
    });
  },
};
