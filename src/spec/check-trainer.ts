import { trainerKind } from '../domain/trainer-kind.js';
import { BUILT_IN_ESTIMATORS } from '../estimators.js';
import { checkCode } from './check-code.js';
import { builtInOf, parameterIssues } from './estimator-rules.js';
import type { SpecParts } from './parts.js';
import { didYouMean } from './issues.js';
import { quoted, type SpecIssue } from './path.js';

/** The trainer: a built-in estimator or a command, and parameters that it knows, or that can at least be handed over. */
export function checkTrainer(parts: SpecParts): SpecIssue[] {
  const { trainer } = parts;
  if (!trainer) return [];
  const issues = checkCode(parts);
  const { command, estimator, entry } = trainer;
  const kind = trainerKind(trainer);
  const isAtHome = kind === 'process' || kind === 'python';
  const own = command !== undefined || (entry !== undefined && isAtHome);
  const isBuiltIn = estimator === undefined || BUILT_IN_ESTIMATORS.includes(estimator);
  if (own && !isBuiltIn) {
    const message = `found the estimator ${quoted(estimator)} beside ${command ? 'a command' : 'an entry'}, want one of the two`;
    issues.push({ path: ['trainer', 'estimator'], message });
  } else if (!isBuiltIn && isAtHome) {
    const known = BUILT_IN_ESTIMATORS.join(', ');
    const guess = didYouMean(estimator, BUILT_IN_ESTIMATORS);
    const message = `found ${quoted(estimator)}, want a built-in one (${known}) or a command of your own${guess}`;
    issues.push({ path: ['trainer', 'estimator'], message });
  }
  if (command?.[0] !== undefined && /^-|^\s|\s$/.test(command[0])) {
    issues.push({ path: ['trainer', 'command', 0], message: `found ${quoted(command[0])}, want a program` });
  }
  if (kind === 'activity' && !trainer.activity) {
    const message = 'found none, want the name of the activity and its taskQueue';
    issues.push({ path: ['trainer', 'activity'], message });
  }
  const builtIn = builtInOf(trainer);
  return [...issues, ...(builtIn ? parameterIssues(trainer.parameters ?? {}, builtIn) : nameIssues(trainer))];
}

function nameIssues({ parameters }: NonNullable<SpecParts['trainer']>): SpecIssue[] {
  const unfit = Object.keys(parameters ?? {}).filter((name) => !/\S/.test(name) || name.length > 200);
  return unfit.map((name) => ({
    path: ['trainer', 'parameters', name],
    message: `found the name ${quoted(name)}, want 1 to 200 characters that are not blank`,
    at: 'key',
  }));
}
