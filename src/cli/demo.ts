import { UsageError } from '../errors.js';
import type { Command, CommandContext } from './command.js';
import { connectionGiven } from './connection-options.js';
import { EXIT_CODES } from './exit-codes.js';

export const demo: Command = {
  name: 'demo',
  summary: 'Plays ten weeks of a model that learns late flights: real data, Temporal, MinIO, trainer and model server.',
  examples: ['demo', 'demo --keep', 'demo --store folder', 'demo --weeks 4 --json'],
  options: [
    { flags: '--weeks <number>', description: 'weeks to play, 4 to 23 (default: 10)' },
    { flags: '--keep', description: 'leave everything running at the end, until Ctrl-C' },
  ],
  // For --store alone: folder keeps artifacts in a local folder instead of MinIO. All else is started here.
  connects: true,
  async run(context) {
    const store = storeOf(context);
    const [{ demoCalendar, DEFAULT_WEEKS }, { runDemo }] = await Promise.all([
      import('../demo/calendar.js'),
      import('../demo/run-demo.js'),
    ]);
    const weeks = context.text('weeks');
    const calendar = demoCalendar(weeks === undefined ? DEFAULT_WEEKS : Number(weeks));
    const keep = context.flag('keep') || isNpmFlag(context, 'keep');
    const { ok } = await runDemo({
      context: isNpmFlag(context, 'json') ? asJson(context) : context,
      calendar,
      store,
      keep,
    });
    return ok ? EXIT_CODES.ok : EXIT_CODES.bug;
  },
};

/** `npm run demo --keep`, without `--` before the option: npm takes it for its own and passes it on like this. */
function isNpmFlag({ env }: CommandContext, name: 'keep' | 'json'): boolean {
  return env[`npm_config_${name}`] === 'true';
}

function asJson(context: CommandContext): CommandContext {
  const { out } = context;
  return {
    ...context,
    json: true,
    answer: (document) => out(JSON.stringify({ schemaVersion: 1, ...document }, null, 2)),
  };
}

function storeOf(context: CommandContext): 'minio' | 'folder' {
  const [other] = connectionGiven({
    address: context.text('address'),
    namespace: context.text('namespace'),
    taskQueue: context.text('taskQueue'),
  });
  if (other !== undefined) {
    throw new UsageError(`Cannot run "demo" with ${other}: it starts a Temporal of its own`, {
      fix: `Leave ${other} out`,
    });
  }
  const store = context.text('store') ?? 'minio';
  if (store === 'minio' || store === 'folder') return store;
  throw new UsageError(`Cannot run "demo" with --store "${store}": want minio or folder`, {
    fix: 'perennial demo --store folder',
  });
}
