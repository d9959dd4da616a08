import type { BackfillOptions } from '../backfills.js';
import { UsageError } from '../errors.js';
import type { Command, CommandContext } from './command.js';
import type { Connected } from './connect.js';

export const backfill: Command = {
  name: 'backfill',
  summary:
    'Runs the past windows of a model one after another, oldest first; without --from says how far the last one is.',
  examples: [
    'backfill returns --from 2025-01-06 --to 2025-03-31 --wait',
    'backfill returns --from 2025-01-06 --to 2025-03-31 --every 1d --promote',
    'backfill returns',
    'backfill returns --cancel',
  ],
  arguments: [{ name: '<model>', description: 'name of the model' }],
  options: [
    { flags: '--from <time>', description: 'where the first window begins: 2025-01-06, or 2025-01-06T12:00Z' },
    { flags: '--to <time>', description: 'where the last window ends at the latest; rows from then on are left out' },
    { flags: '--every <duration>', description: 'length of a window; default: 1w' },
    { flags: '--promote', description: 'roll out what the gate promotes; default: the champion stays' },
    { flags: '--restart', description: 'run windows again that have a verdict already' },
    { flags: '--by <name>', description: 'who asks; default: you' },
    { flags: '--wait', description: 'wait for the end; Ctrl-C ends the waiting only' },
    { flags: '--cancel', description: 'end the backfill under way when its run has ended; asked for again it goes on' },
    { flags: '--now', description: 'with --cancel: cancel the run as well' },
  ],
  connects: true,
  async run(context) {
    const model = context.words[0] ?? '';
    const wanted = wantedOf(context);
    const [{ withPerennial, reachTemporal }, { watchingForWorkers }, { followBackfill, backfillText, endOfBackfill }] =
      await Promise.all([import('./connect.js'), import('./worker-watch.js'), import('./follow-backfill.js')]);
    return await withPerennial(context, async (connected) => {
      const { perennial, temporal, where } = connected;
      await reachTemporal(where);
      if (wanted === 'cancel') return await cancel(context, connected, model);
      if (wanted === 'state') {
        const state = await watchingForWorkers(context, temporal, where, () => perennial.backfillState(model));
        if (context.flag('wait')) return await followBackfill(context, connected, model);
        const summary = await endOfBackfill(connected, model);
        context.answer({ model, state, summary: summary ?? null }, () => backfillText(context, state, summary));
        return;
      }
      const started = await watchingForWorkers(context, temporal, where, () => perennial.backfill(model, wanted));
      const said = started.already ? 'This backfill is under way already' : 'Started the backfill';
      const message = `${said}: ${started.windows.length} windows, the last one as of ${started.windows.at(-1)}`;
      if (!context.flag('wait')) {
        context.answer({ model, ...started }, () => `${message}\n\nNext: perennial backfill ${model} --wait`);
        return;
      }
      context.note(message);
      return await followBackfill(context, connected, model);
    });
  },
};

async function cancel(context: CommandContext, { perennial }: Connected, model: string): Promise<void> {
  const now = context.flag('now');
  await perennial.cancelBackfill(model, { now });
  context.answer({ model, cancelled: true, now }, () =>
    [
      now
        ? `The backfill of ${model} ends, and its run with it.`
        : `The backfill of ${model} ends with the run under way.`,
      '',
      'Asked for again, it goes on after the windows that are done.',
    ].join('\n'),
  );
}

function wantedOf(context: CommandContext): BackfillOptions | 'cancel' | 'state' {
  const [from, to, every, by] = [context.text('from'), context.text('to'), context.text('every'), context.text('by')];
  const given = [from, to, every, by].some((value) => value !== undefined) || context.flag('promote');
  const starts = given || context.flag('restart');
  if (context.flag('cancel') && (starts || context.flag('wait'))) {
    throw new UsageError('Cannot start and cancel a backfill at once: --cancel goes with --now only', {
      fix: 'perennial backfill MODEL --cancel',
    });
  }
  if (context.flag('cancel')) return 'cancel';
  if (context.flag('now')) {
    throw new UsageError('Cannot do --now alone: it goes with --cancel', {
      fix: 'perennial backfill MODEL --cancel --now',
    });
  }
  if (!starts) return 'state';
  if (from === undefined || to === undefined) {
    const found = from === to ? 'neither --from nor --to' : `only ${from === undefined ? '--to' : '--from'}`;
    throw new UsageError(`Cannot start a backfill: found ${found}, want --from and --to`, {
      fix: 'perennial backfill MODEL --from 2025-01-06 --to 2025-03-31',
    });
  }
  return {
    from,
    to,
    promote: context.flag('promote'),
    restart: context.flag('restart'),
    ...(every === undefined ? {} : { every }),
    ...(by === undefined ? {} : { by }),
  };
}
