import { UsageError } from '../errors.js';
import { didYouMean } from '../spec/issues.js';
import type { Command } from './command.js';
import { OUTPUT_OPTION, giveText } from './write-new.js';

export const exportSchema: Command = {
  name: 'export',
  summary: 'Makes a Frictionless Table Schema from a table of a data contract, and tells what is lost.',
  examples: ['contract export contract.odcs.yaml --table orders -o orders.schema.json'],
  arguments: [{ name: '<contract>', description: 'the contract file' }],
  options: [
    { flags: '--table <name>', description: 'which table; needed when the contract has several' },
    OUTPUT_OPTION,
  ],
  async run(context) {
    const [file = ''] = context.words;
    const [{ readContract }, { toFrictionless }] = await Promise.all([
      import('./contract-read.js'),
      import('../contracts/to-frictionless.js'),
    ]);
    const objects = (await readContract(file)).file.document.schema ?? [];
    const name = context.text('table');
    const object = name === undefined ? objects[0] : objects.find((each) => each.name === name);
    if (!object || (name === undefined && objects.length > 1)) {
      const names = objects.map((each) => each.name);
      const found = name === undefined ? `found ${names.length} tables` : `found no table "${name}"`;
      const want = names.length > 0 ? `want one of ${names.join(', ')}${didYouMean(name, names)}` : 'want one';
      throw new UsageError(`Cannot export "${file}": ${found}, ${want}`, { fix: 'Name one with --table' });
    }
    const { value, losses } = toFrictionless(object);
    for (const loss of losses) context.note(`lost: ${loss}`);
    await giveText(context, JSON.stringify(value, null, 2), { table: object.name, tableSchema: value, losses });
  },
};
