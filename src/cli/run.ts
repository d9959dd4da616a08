import type { TrainingAnswer } from '../domain/trigger.js';
import { UsageError } from '../errors.js';
import type { Command, CommandContext } from './command.js';
import { EXIT_CODES } from './exit-codes.js';

export const run: Command = {
  name: 'run',
  summary: 'Asks for a training run of a model, and with --wait stays for its verdict.',
  examples: ['run returns --wait', 'run returns --reason "new prices" --parameters \'{"max_iter": 200}\''],
  arguments: [{ name: '<model>', description: 'name of the model' }],
  options: [
    { flags: '--reason <text>', description: 'why, in one sentence' },
    { flags: '--by <name>', description: 'who asks; default: you' },
    { flags: '--parameters <json>', description: "hyperparameters laid over the spec's, for this run only" },
    { flags: '--no-cache', description: 'do every step anew, and take nothing from the step cache' },
    { flags: '--wait', description: 'wait for the end: exit code 0 if promoted, 4 if the gate said no' },
  ],
  connects: true,
  async run(context) {
    const model = context.words[0] ?? '';
    const options = requestOptions(context);
    const [{ withPerennial, reachTemporal }, { watchingForWorkers }, { followRun }] = await Promise.all([
      import('./connect.js'),
      import('./worker-watch.js'),
      import('./follow-run.js'),
    ]);
    return await withPerennial(context, async (connected) => {
      const { perennial, temporal, where } = connected;
      await reachTemporal(where);
      const answer = await watchingForWorkers(context, temporal, where, () => {
        return perennial.requestTraining(model, options);
      });
      if (answer.outcome === 'refused' || !context.flag('wait')) return told(context, model, answer);
      context.note(answer.message);
      return await followRun(context, connected, model, answer.run);
    });
  },
};

function told(context: CommandContext, model: string, answer: TrainingAnswer): number {
  context.answer({ model, answer }, () => {
    if (answer.outcome === 'refused') return answer.message;
    return `${answer.message}\n\nNext: perennial show ${model} ${answer.run}`;
  });
  return answer.outcome === 'refused' ? EXIT_CODES.expected : EXIT_CODES.ok;
}

function requestOptions(context: CommandContext): {
  reason?: string;
  by?: string;
  parameters?: Record<string, unknown>;
  cache?: false;
} {
  const [reason, by, parameters] = [context.text('reason'), context.text('by'), parametersOf(context)];
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(by === undefined ? {} : { by }),
    ...(parameters === undefined ? {} : { parameters }),
    // An option that begins with `no-` is set until it is given.
    ...(context.flag('cache') ? {} : { cache: false }),
  };
}

function parametersOf(context: CommandContext): Record<string, unknown> | undefined {
  const text = context.text('parameters');
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below, together with JSON that is no object.
  }
  throw new UsageError(`Cannot read --parameters: found ${text.slice(0, 60)}, want a JSON object`, {
    fix: `--parameters '{"max_iter": 200}'`,
  });
}
