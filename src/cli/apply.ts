import type { Applied } from '../client.js';
import { codeText } from './code-text.js';
import type { Command } from './command.js';

export const apply: Command = {
  name: 'apply',
  summary: 'Makes a model spec live: packs and stores it with its code, starts or updates its loop, and its Schedule.',
  examples: ['apply perennial.yaml', 'apply perennial.yaml --json'],
  arguments: [{ name: '[file]', description: 'the spec file; default: perennial.yaml' }],
  connects: true,
  async run(context) {
    const { readSpecFile } = await import('../spec/file.js');
    const stored = await readSpecFile(context.words[0] ?? 'perennial.yaml');
    if (stored.prepareSql !== undefined) {
      await (await import('../data/prepare-sql.js')).checkSqlText(stored.prepareSql);
    }
    const [{ withPerennial, reachTemporal }, { noteMissingWorker }] = await Promise.all([
      import('./connect.js'),
      import('./worker-watch.js'),
    ]);
    await withPerennial(context, async ({ perennial, temporal, where }) => {
      await reachTemporal(where);
      const applied = await perennial.apply(stored);
      await noteMissingWorker(context, temporal, where);
      context.answer({ ...applied, ...(stored.code && { code: stored.code }) }, () =>
        [
          `${context.colours.green('applied')}  ${applied.model}`,
          ...appliedOver(applied),
          `  spec      ${applied.spec.slice(0, 12)}`,
          ...(stored.code ? [`  code      ${codeText(stored.code)}`] : []),
          `  loop      ${applied.loop}`,
          `  schedule  ${applied.schedule}`,
          '',
          `Next: perennial run ${applied.model} --wait`,
        ].join('\n'),
      );
    });
  },
};

/** What it means that a model of this name was there; nothing of one that is new. */
function appliedOver({ loop, schedule, before }: Applied): string[] {
  if (loop === 'started') return [];
  if (!before) {
    const isSame = schedule === 'unchanged' || schedule === 'none';
    return [`  model     there already, with this very spec${isSame ? ': nothing changes' : ''}`];
  }
  const { spec, changed = [], run } = before;
  return [
    `  model     there already, with the spec ${spec.slice(0, 12)}: runs that start from now on go by this one`,
    ...(changed.length > 0 ? [`  changed   ${changed.join(', ')}`] : []),
    ...(run === undefined ? [] : [`  run       ${run} is under way and ends by the spec that it started with`]),
  ];
}
