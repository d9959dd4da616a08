import type { Check, Severity } from '../domain/contract.js';
import { didYouMean, wantOneOf } from '../spec/issues.js';
import { described, quoted, type SpecPath } from '../spec/path.js';
import type { OdcsDocument, OdcsFindings, OdcsSla } from './odcs.js';

/** A table of the contract, as service levels name it. */
export interface SlaTable {
  /** The name that the contract's tables are kept by. */
  readonly table: string;
  /** By the names of the contract: how files name the columns. */
  readonly columns: ReadonlyMap<string, string>;
}

/** Checks of how old the newest row may be, from the service levels `latency` and `freshness`; by table. */
export function freshnessChecks(
  { slaProperties = [], slaDefaultElement }: OdcsDocument,
  tables: ReadonlyMap<string, SlaTable>,
  severity: Severity,
  findings: OdcsFindings,
): (readonly [table: string, check: Check])[] {
  return slaProperties.flatMap((sla, index) => {
    const path = ['slaProperties', index];
    if (!/^(?:latency|ly|freshness|fr)$/i.test(sla.property)) {
      findings.note(path, 'of service levels only latency is checked');
      return [];
    }
    const seconds = secondsOf(sla, path, findings);
    const elements = (sla.element ?? slaDefaultElement)?.split(',') ?? [];
    if (elements.length === 0)
      findings.note(path, `${sla.property} is not checked: it names no element, such as table.column`);
    if (seconds === undefined) return [];
    return elements.flatMap((element) => {
      const place = placeOf(element.trim(), tables, [...path, 'element'], findings);
      if (!place) return [];
      const [table, column] = place;
      const { description } = sla;
      const check: Check = {
        id: `${column}/freshness`,
        measure: { kind: 'age', column },
        expect: { operator: 'mustBeLessOrEqualTo', value: seconds },
        unit: 'rows',
        severity,
        ...(description === undefined ? {} : { description }),
      };
      return [[table, check] as const];
    });
  });
}

function secondsOf({ property, value, unit }: OdcsSla, path: SpecPath, findings: OdcsFindings): number | undefined {
  const amount = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof amount !== 'number' || !Number.isFinite(amount) || amount < 0) {
    findings.problem([...path, 'value'], `found ${described(value)}, want a number of units`);
    return undefined;
  }
  const seconds = UNITS.find(([names]) => names.test(unit ?? ''))?.[1];
  if (seconds !== undefined) return amount * seconds;
  const known = 's, min, h, d, w, mo or y';
  findings.note(path, `${property} is not checked: found the unit ${described(unit)}, known are ${known}`);
  return undefined;
}

const DAY = 86_400;
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^s(ec(ond)?s?)?$/i, 1],
  [/^(m|min(ute)?s?)$/i, 60],
  [/^h(r|rs|ours?)?$/i, 3600],
  [/^d(ays?)?$/i, DAY],
  [/^w(eeks?)?$/i, 7 * DAY],
  [/^mo(nths?)?$/i, 30 * DAY],
  [/^y(r|rs|ears?)?$/i, 365 * DAY],
];

/** `table.column`, or the column alone when there is one table. */
function placeOf(
  element: string,
  tables: ReadonlyMap<string, SlaTable>,
  path: SpecPath,
  findings: OdcsFindings,
): readonly [table: string, column: string] | undefined {
  const found = [...tables].find(([name]) => element.startsWith(`${name}.`));
  const only = new Set([...tables.values()].map(({ table }) => table)).size === 1 ? [...tables][0] : undefined;
  const [name, table] = found ?? only ?? [];
  if (!found && element.includes('.') && !table?.columns.has(element)) {
    const [word = ''] = element.split('.');
    const guess = didYouMean(word, [...tables.keys()]);
    findings.note(path, `${quoted(element)} is not checked: the contract has no table ${quoted(word)}${guess}`);
    return undefined;
  }
  if (!table) {
    findings.note(path, `${quoted(element)} is not checked: it does not say of which table`);
    return undefined;
  }
  const word = found ? element.slice((name ?? '').length + 1) : element;
  const column = table.columns.get(word);
  if (column !== undefined) return [table.table, column];
  findings.problem(path, `found no property ${quoted(word)}, ${wantOneOf(word, [...table.columns.keys()])}`);
  return undefined;
}
