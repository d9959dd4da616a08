import type { MlRole, Severity } from '../domain/contract.js';
import { didYouMean, wantOneOf } from '../spec/issues.js';
import { described, quoted, type SpecPath } from '../spec/path.js';
import type { OdcsCustomProperty, OdcsFindings } from './odcs.js';

/** Our own words in the `customProperties` of a contract, by where they may stand. All others are left alone. */
const NAMES = {
  contract: ['perennial.freshness'],
  table: ['perennial.severity', 'perennial.otherColumns'],
  column: ['perennial.severity', 'perennial.role', 'perennial.optional'],
} as const;

type Level = keyof typeof NAMES;

/** What custom properties say to us; what they do not say is undefined. */
export interface OdcsCustom {
  /** What becomes of a broken rule that the standard has no severity for: type, required, unique, options of a type. */
  readonly severity?: Severity;
  /** What a column that is not in the contract does. */
  readonly otherColumns?: Severity;
  /** What data that is too old does. */
  readonly freshness?: Severity;
  readonly roles: readonly MlRole[];
  /** Whether files may come without the column. */
  readonly optional: boolean;
}

/** Reads the properties that begin with `perennial.`. */
export function customOf(
  level: Level,
  { customProperties = [] }: { readonly customProperties?: readonly OdcsCustomProperty[] },
  path: SpecPath,
  findings: OdcsFindings,
): OdcsCustom {
  const values = new Map<string, { readonly value: unknown; readonly at: SpecPath }>();
  const known: readonly string[] = NAMES[level];
  for (const [index, { property, value }] of customProperties.entries()) {
    if (!property.startsWith('perennial.')) continue;
    const at = [...path, 'customProperties', index];
    if (known.includes(property)) values.set(property, { value, at: [...at, 'value'] });
    else findings.problem([...at, 'property'], `found ${quoted(property)}, ${wantOneOf(property, known)}`);
  }
  const choice = <Word extends string>(name: string, words: readonly Word[]): Word | undefined => {
    const given = values.get(name);
    if (!given) return undefined;
    const word = words.find((each) => each === given.value);
    if (word === undefined)
      findings.problem(given.at, `found ${described(given.value)}, ${wantOneOf(given.value, words)}`);
    return word;
  };
  const severity = choice('perennial.severity', ['block', 'quarantine', 'warn']);
  const others = choice('perennial.otherColumns', ['allow', 'warn', 'block']);
  const freshness = choice('perennial.freshness', ['block', 'warn']);
  const optional = values.get('perennial.optional');
  if (optional && typeof optional.value !== 'boolean') {
    findings.problem(optional.at, `found ${described(optional.value)}, want true or false`);
  }
  return {
    ...(severity === undefined ? {} : { severity }),
    ...(others === undefined || others === 'allow' ? {} : { otherColumns: others }),
    ...(freshness === undefined ? {} : { freshness }),
    roles: rolesOf(values.get('perennial.role'), findings),
    optional: optional?.value === true,
  };
}

const ROLES: readonly MlRole[] = ['feature', 'label', 'id', 'eventTime', 'slice', 'sensitive'];

function rolesOf(
  given: { readonly value: unknown; readonly at: SpecPath } | undefined,
  findings: OdcsFindings,
): MlRole[] {
  if (!given) return [];
  return [given.value].flat().flatMap((word: unknown) => {
    const role = ROLES.find((each) => each === word);
    if (role === undefined) {
      const guess = didYouMean(word, ROLES);
      findings.problem(given.at, `found the role ${described(word)}, want one of ${ROLES.join(', ')}${guess}`);
    }
    return role ?? [];
  });
}
