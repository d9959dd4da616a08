import type { ModelStatus } from '../client.js';
import type { Command, CommandContext } from './command.js';
import type { Connected } from './connect.js';

export const status: Command = {
  name: 'status',
  summary: 'Says which version of a model answers users and what its loop does; without a name, of all models.',
  examples: ['status', 'status returns'],
  arguments: [{ name: '[model]', description: 'name of the model' }],
  connects: true,
  async run(context) {
    const [{ withPerennial, reachTemporal }, text] = await Promise.all([
      import('./connect.js'),
      import('./status-text.js'),
    ]);
    const model = context.words[0];
    await withPerennial(context, async (connected) => {
      await reachTemporal(connected.where);
      if (model !== undefined) {
        const found = await connected.perennial.status(model);
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

async function statusOfAll(context: CommandContext, { perennial, temporal, store }: Connected): Promise<ModelStatus[]> {
  const { knownModels } = await import('./known-models.js');
  const names = new Set(await knownModels(store));
  const query = "WorkflowType = 'modelLoop' AND ExecutionStatus = 'Running'";
  for await (const { workflowId } of temporal.workflow.list({ query }))
    names.add(workflowId.replace(/^perennial\//, ''));
  const rest = [...names].sort();
  const found: ModelStatus[] = [];
  while (rest.length > 0) {
    context.signal.throwIfAborted();
    found.push(...(await Promise.all(rest.splice(0, AT_ONCE).map((name) => perennial.status(name)))));
  }
  return found;
}
