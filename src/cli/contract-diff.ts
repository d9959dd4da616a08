import type { ContractChange, ContractDiff, Party } from '../contracts/diff.js';
import { UsageError } from '../errors.js';
import type { Command, CommandContext } from './command.js';
import { EXIT_CODES } from './exit-codes.js';

export const diff: Command = {
  name: 'diff',
  summary: 'Says what changed between two contracts and whom it breaks; ends with 4 when it breaks who reads.',
  examples: [
    'contract diff old.odcs.yaml new.odcs.yaml',
    'contract diff old.odcs.yaml new.odcs.yaml --for anyone --json',
  ],
  arguments: [
    { name: '<old>', description: 'the contract before' },
    { name: '<new>', description: 'the contract now' },
  ],
  options: [
    { flags: '--for <who>', description: 'whose break ends with 4: consumers (default), producers, anyone or nobody' },
  ],
  async run(context) {
    const [old = '', now = ''] = context.words;
    const who = context.text('for') ?? 'consumers';
    if (!['consumers', 'producers', 'anyone', 'nobody'].includes(who)) {
      throw new UsageError(`Cannot compare for "${who.slice(0, 40)}": want consumers, producers, anyone or nobody`, {
        fix: 'See: perennial contract diff --help',
      });
    }
    const [{ readContract }, { diffContracts }, { canonicalJson }] = await Promise.all([
      import('./contract-read.js'),
      import('../contracts/diff.js'),
      import('../domain/canonical.js'),
    ]);
    const [before, after] = [await readContract(old), await readContract(now)];
    const sameText = canonicalJson(before.file.document) === canonicalJson(after.file.document);
    const result = diffContracts(before.compiled.contract, after.compiled.contract, { sameText });
    context.answer({ old, new: now, ...result }, () => diffText(context, result));
    return isBroken(result, who) ? EXIT_CODES.judged : EXIT_CODES.ok;
  },
};

function isBroken({ breaks }: ContractDiff, who: string): boolean {
  if (who === 'anyone') return breaks.producers || breaks.consumers;
  return who === 'producers' || who === 'consumers' ? breaks[who] : false;
}

function diffText({ colours }: CommandContext, { changes, breaks, advice }: ContractDiff): string {
  const lines = changes.map((change) => {
    const mark = change.breaks.length > 0 ? colours.red('breaks') : colours.green('fits  ');
    return `${mark}  ${change.table}  ${change.message}${blame(change)}`;
  });
  const parties = (Object.keys(breaks) as Party[]).filter((party) => breaks[party]);
  const told =
    parties.length > 0 ? `breaks ${parties.join(' and ')}` : changes.length > 0 ? 'breaks nobody' : 'no rule changed';
  const version = advice === 'none' ? 'the version can stay' : `a new ${advice} version`;
  return [...lines, ...(lines.length > 0 ? [''] : []), `${told}: ${version}`].join('\n');
}

function blame({ breaks }: ContractChange): string {
  return breaks.length > 0 ? ` (for ${breaks.join(' and ')})` : '';
}
