import type { Decision, LedgerEntry } from '../domain/ledger.js';
import { NotFoundError } from '../errors.js';
import type { Command, CommandContext } from './command.js';
import type { Connected } from './connect.js';
import { EXIT_CODES } from './exit-codes.js';
import { limitOf } from './runs.js';

export const log: Command = {
  name: 'log',
  summary: 'Prints the ledger of a model: every decision, by whom and why; --verify checks every byte of it.',
  examples: ['log returns', 'log returns --verify'],
  arguments: [{ name: '<model>', description: 'name of the model' }],
  options: [
    { flags: '--limit <number>', description: 'how many of the newest entries at most; default: 50' },
    { flags: '--verify', description: 'read every entry again and list what is wrong; exit code 4 if anything is' },
  ],
  connects: true,
  async run(context) {
    const model = context.words[0] ?? '';
    const { withPerennial } = await import('./connect.js');
    return await withPerennial(context, (connected) => {
      return context.flag('verify') ? verify(context, connected, model) : list(context, connected, model);
    });
  },
};

async function list(context: CommandContext, { perennial }: Connected, model: string): Promise<number> {
  const limit = limitOf(context, 50);
  const { entries } = await perennial.ledger(model);
  if (entries.length === 0) await perennial.status(model);
  const shown = entries.slice(-limit);
  const { table } = await import('./table.js');
  context.answer({ model, entries: shown, more: entries.length > limit }, () => {
    if (shown.length === 0) return `Nothing has been decided about ${model} yet.`;
    const head = ['#', 'AT', 'DECISION', 'BY', 'REASON'];
    const text = table(context, { head, rows: shown.map(rowOf), mayCut: ['BY', 'REASON'] });
    return entries.length > limit ? `${text}\nThere are ${entries.length - limit} older ones: --limit` : text;
  });
  return EXIT_CODES.ok;
}

async function verify(context: CommandContext, { store }: Connected, model: string): Promise<number> {
  const { LedgerLog } = await import('../stores/ledger-log.js');
  const log = new LedgerLog(store, model);
  const findings = await log.verify({ signal: context.signal });
  const entries = findings.length === 0 ? (await log.read()).entries.length : undefined;
  if (entries === 0) {
    throw new NotFoundError(`Cannot verify the ledger of "${model}": there is none in ${store.name}`, {
      fix: 'perennial status',
      details: { model },
    });
  }
  context.answer({ model, whole: findings.length === 0, entries: entries ?? null, findings }, () => {
    if (findings.length === 0)
      return `${context.colours.green('whole')}  ${entries} entries, each follows the one before`;
    const lines = findings.map(({ key, kind, message }) => `${context.colours.red(kind)}  ${key}: ${message}`);
    return [...lines, '', 'Restore these objects from a copy. See docs/errors.md#ledgerbroken'].join('\n');
  });
  return findings.length === 0 ? EXIT_CODES.ok : EXIT_CODES.judged;
}

function rowOf({ generation, at, decision, actor, reason }: LedgerEntry): string[] {
  return [String(generation), at.slice(0, 19).replace('T', ' '), decisionText(decision), actor, reason];
}

function decisionText(decision: Decision): string {
  switch (decision.kind) {
    case 'register':
      return `register v${decision.version}`;
    case 'reject':
      return `reject ${decision.bundle.slice(0, 8)}`;
    case 'promote':
      return `promote v${decision.version}`;
  }
}
