import type { ContractColumn, ValidValues } from '../domain/contract.js';
import { described, quoted, type SpecPath } from '../spec/path.js';
import type { OdcsFindings, OdcsProperty } from './odcs.js';
import { isEcmaPattern, re2Pattern } from './pattern.js';
import { boundProblem, isOver } from './values.js';

/** Rules on values, each with the name that its check gets. */
export type NamedRules = readonly (readonly [name: string, valid: ValidValues])[];

/** What `logicalTypeOptions` ask of the values of a column. */
export function optionRules(
  { logicalType, logicalTypeOptions = {} }: OdcsProperty,
  type: ContractColumn['type'],
  path: SpecPath,
  findings: OdcsFindings,
): NamedRules {
  const rules: (readonly [string, ValidValues])[] = [];
  for (const [key, value] of Object.entries(logicalTypeOptions)) {
    const at = [...path, 'logicalTypeOptions', key];
    if (type === undefined || value === null) {
      findings.note(at, `${key} of a column of type ${logicalType ?? 'unknown'} is not checked`);
    } else if (key in BOUNDS) {
      const want = boundProblem(type, value);
      const [name, bound] = BOUNDS[key as keyof typeof BOUNDS];
      if (want === undefined) rules.push([name, { [bound]: value }]);
      else findings.problem(at, `found ${described(value)}, want ${want}`);
    } else if ((key === 'minLength' || key === 'maxLength' || key === 'multipleOf') && typeof value === 'number') {
      rules.push([key, { [key]: value }]);
    } else if (key === 'pattern' && typeof value === 'string') {
      rules.push(...patternRule(value, at, findings));
    } else if (key === 'format' && typeof value === 'string') {
      rules.push(...formatRule(type, value, at, findings));
    } else {
      findings.note(at, `${key} is not checked: times without a zone are taken as UTC`);
    }
  }
  orderProblem(rules, type, path, findings);
  return rules;
}

/** A pattern as a rule; a note when RE2 cannot check it. */
export function patternRule(source: string, at: SpecPath, findings: OdcsFindings): NamedRules {
  if (!isEcmaPattern(source)) {
    findings.problem(at, `found ${quoted(source)}, want a regular expression`);
    return [];
  }
  const translated = re2Pattern(source);
  if ('pattern' in translated) return [['pattern', translated]];
  findings.note(at, `the pattern ${quoted(source)} is not checked: it needs ${translated.why}`);
  return [];
}

const BOUNDS = {
  minimum: ['min', 'min'],
  maximum: ['max', 'max'],
  exclusiveMinimum: ['exclusiveMin', 'exclusiveMin'],
  exclusiveMaximum: ['exclusiveMax', 'exclusiveMax'],
} as const;

function formatRule(
  type: NonNullable<ContractColumn['type']>,
  format: string,
  at: SpecPath,
  findings: OdcsFindings,
): NamedRules {
  if (type === 'integer') {
    // The engine's whole numbers have 64 bits with a sign: what is wider asks nothing more of them.
    const bits = Number(format.slice(1));
    if (format.startsWith('u')) return [['format', { min: 0, ...(bits < 64 ? { max: 2 ** bits - 1 } : {}) }]];
    return bits < 64 ? [['format', { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 }]] : [];
  }
  if (type === 'number') return [];
  const pattern = type === 'string' ? TEXT_FORMATS[format.toLowerCase()] : undefined;
  if (pattern !== undefined) return [['format', { pattern }]];
  const isIso = /^(?:y|u|Y){4}-MM-dd(?:['T ]+HH:mm.*)?$/.test(format);
  if (type === 'string' || !isIso) {
    findings.note(
      at,
      `the format ${quoted(format)} is not checked${type === 'string' ? '' : ': times are read as ISO 8601'}`,
    );
  }
  return [];
}

/** Whole texts, as RE2 takes them; loose where the standards themselves are (an address is proved by a letter to it). */
const TEXT_FORMATS: Readonly<Record<string, string>> = {
  uuid: '[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}',
  email: String.raw`[^@\s]+@[^@\s]+\.[^@\s.]+`,
  uri: String.raw`[A-Za-z][A-Za-z0-9+.-]*:\S+`,
  hostname: '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:[.][A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*',
  ipv4: '(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:[.](?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3})',
};

/** Bounds that no value can keep. */
function orderProblem(rules: NamedRules, type: ContractColumn['type'], path: SpecPath, findings: OdcsFindings): void {
  const all = Object.assign({}, ...rules.map(([name, valid]) => (name === 'format' ? {} : valid))) as ValidValues;
  const low = all.min ?? all.exclusiveMin;
  const high = all.max ?? all.exclusiveMax;
  const at = [...path, 'logicalTypeOptions'];
  if (type !== undefined && low !== undefined && high !== undefined && isOver(type, low, high)) {
    findings.problem(at, `found the minimum ${described(low)} over the maximum ${described(high)}, want it below`);
  }
  const { minLength = 0, maxLength = Infinity } = all;
  if (minLength > maxLength) {
    findings.problem(at, `found minLength ${minLength} over maxLength ${maxLength}, want it at most that`);
  }
}
