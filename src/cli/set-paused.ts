import type { CommandContext } from './command.js';
import { reachTemporal, withPerennial } from './connect.js';
import { watchingForWorkers } from './worker-watch.js';

/** Pauses or resumes the model that the command line names, and says so. Doing it twice changes nothing. */
export async function setPaused(context: CommandContext, paused: boolean): Promise<void> {
  const model = context.words[0] ?? '';
  await withPerennial(context, async ({ perennial, temporal, where }) => {
    await reachTemporal(where);
    await watchingForWorkers(context, temporal, where, () =>
      paused ? perennial.pause(model) : perennial.resume(model),
    );
    context.answer({ model, paused }, () =>
      paused
        ? `${context.colours.yellow('paused')}  ${model}: only requests by hand are taken\n\nNext: perennial resume ${model}`
        : `${context.colours.green('resumed')}  ${model}: automatic triggers are taken again`,
    );
  });
}
