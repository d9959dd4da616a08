import type { Command } from './command.js';
import { EXIT_CODES } from './exit-codes.js';

export const doctor: Command = {
  name: 'doctor',
  summary: 'Looks at everything that Perennial stands on, and says how to mend what is broken.',
  examples: ['doctor', 'doctor --json'],
  connects: true,
  async run(context) {
    const [{ runDoctor }, { openStoreAt }, { connectionOf }, { table }] = await Promise.all([
      import('../dev/doctor.js'),
      import('./connect.js'),
      import('./connection-options.js'),
      import('./table.js'),
    ]);
    const where = connectionOf(context);
    const { address, namespace, taskQueue, store } = where;
    const checks = await runDoctor({
      temporal: { address, namespace, taskQueue },
      openStore: () => openStoreAt(where),
      ...(store?.startsWith('http') === true ? { storeUrl: store } : {}),
    });
    const isWell = checks.every((check) => check.status !== 'fail');
    context.answer({ well: isWell, checks }, () => {
      const { colours } = context;
      const paint = { pass: colours.green, warn: colours.yellow, fail: colours.red };
      const rows = checks.map(({ name, status, found }) => [paint[status](status), name, found]);
      const fixes = checks.flatMap(({ name, fix }) => (fix === undefined ? [] : [`  ${name}: ${fix}`]));
      const text = table(context, { head: ['', 'WHAT', 'FOUND'], rows, mayCut: ['FOUND'] });
      return fixes.length === 0 ? text : `${text}\n\nTo mend:\n${fixes.join('\n')}`;
    });
    return isWell ? EXIT_CODES.ok : EXIT_CODES.expected;
  },
};
