import type { Command, CommandContext } from './command.js';
import type { Connected } from './connect.js';
import type { FoundStatus } from './status-of.js';

export const status: Command = {
  name: 'status',
  summary: 'Says which version of a model answers users and what its loop does; without a name, of all models.',
  examples: ['status', 'status returns'],
  arguments: [{ name: '[model]', description: 'name of the model' }],
  connects: true,
  async run(context) {
    const [{ withPerennial, reachTemporal }, { statusOf }, text] = await Promise.all([
      import('./connect.js'),
      import('./status-of.js'),
      import('./status-text.js'),
    ]);
    const model = context.words[0];
    await withPerennial(context, async (connected) => {
      await reachTemporal(connected.where);
      if (model !== undefined) {
        const found = await statusOf(connected, model);
        context.answer({ status: text.statusDocument(found) }, () => text.statusText(context, found));
        return;
      }
      const all = await statusOfAll(context, connected);
      context.answer({ models: all.map(text.statusDocument) }, () =>
        all.length === 0 ? 'No models yet.\n\nNext: perennial apply perennial.yaml' : text.statusTable(context, all),
      );
    });
  },
};

const AT_ONCE = 8;

async function statusOfAll(context: CommandContext, connected: Connected): Promise<FoundStatus[]> {
  const [{ knownModels, runningModels }, { statusOf }] = await Promise.all([
    import('./known-models.js'),
    import('./status-of.js'),
  ]);
  const names = new Set([...(await knownModels(connected.store)), ...(await runningModels(connected.temporal))]);
  const rest = [...names].toSorted();
  const found: FoundStatus[] = [];
  while (rest.length > 0) {
    context.signal.throwIfAborted();
    found.push(...(await Promise.all(rest.splice(0, AT_ONCE).map((name) => statusOf(connected, name)))));
  }
  return found;
}
