import { LedgerLog } from '../../src/stores/ledger-log.js';
import { FolderStore } from '../../src/stores/folder-store.js';

/**
 * A process that registers versions in a ledger on a folder until it is ended, and prints each one that it was told is
 * entered. Arguments: the store's folder, the model, a name of its own.
 */
const [folder = '', model = '', name = ''] = process.argv.slice(2);
const log = new LedgerLog(new FolderStore(folder), model);
for (let number = 1; ; number++) {
  const { entry } = await log.append({
    decisionId: `${name}-${number}`,
    decision: { kind: 'register', bundle: 'a'.repeat(64), run: name },
    actor: name,
    reason: 'A test.',
    evidence: {},
    now: new Date(),
  });
  process.stdout.write(`${entry.generation} ${entry.decisionId}\n`);
}
