import type { ActivityDeps } from './deps.js';
import { decisionFacts, type RunDecision } from './register.js';

/** Makes a registered version the champion, if the champion is still the one that it was judged against. */
export async function promote(
  deps: ActivityDeps,
  input: RunDecision & { readonly version: number; readonly replaces: number },
): Promise<{ generation: number }> {
  const { model, version, bundle, replaces } = input;
  const { entry } = await deps.ledger(model).append({
    ...decisionFacts(input, 'promote'),
    decision: { kind: 'promote', version, bundle: bundle.sha256, replaces },
  });
  return { generation: entry.generation };
}
