import type { DriftFinding } from '../../domain/drift.js';
import type { ColumnProfile, TableProfile } from '../../domain/profile.js';
import { adjustFalseDiscovery } from '../false-discovery.js';
import { chi2 } from './chi2.js';
import { describeShift, percent } from './describe-shift.js';
import { js } from './js.js';
import { ks } from './ks.js';
import { missing } from './missing.js';
import { psi } from './psi.js';
import { coarse, sharedBins } from './shared-bins.js';
import { missingOf, sharedCategories } from './shared-categories.js';
import type { Shift } from './shift.js';
import { wasserstein } from './wasserstein.js';

/** How two profiles are compared. */
export interface CompareOptions {
  readonly numbers: 'psi' | 'js' | 'ks' | 'wasserstein';
  readonly categories: 'psi' | 'js' | 'chi2';
  /** Least effect that counts. Default: {@link LEAST_EFFECT}. The test of missing values keeps its own. */
  readonly effect?: number | undefined;
  /** Share of false alarms among the alarms of one comparison, on average. */
  readonly falseDiscovery: number;
  /** With fewer rows on either side nothing is said. */
  readonly minRows: number;
  /** Only these columns. Default: all that both sides have; times are then compared for missing values only. */
  readonly columns?: readonly string[] | undefined;
}

/** Least effect that counts, by detector, in its own measure. */
export const LEAST_EFFECT: Readonly<Record<DriftFinding['detector'], number>> = {
  psi: 0.2,
  js: 0.1,
  ks: 0.1,
  wasserstein: 0.1,
  chi2: 0.1,
  missing: 0.2,
};

/**
 * Compares each column of two tables: how its values are spread, and how many are missing. A shift is `drift` when it is
 * both too large for chance, with false discoveries controlled over all the tests of the comparison, and at least as large
 * as the least effect that counts. Rows are taken to be independent: where they come in clusters, chance does more than the
 * p-values say, and the least effect is what holds.
 *
 * Columns that only one side has, or has with a type that cannot be compared, are left out: they are the contract's
 * matter. So is the spread of times, unless `columns` names them: newer rows are always later.
 */
export function compareProfiles(
  reference: TableProfile,
  current: TableProfile,
  options: CompareOptions,
  where: Pick<DriftFinding, 'kind' | 'table'>,
): DriftFinding[] {
  const others = new Map(current.columns.map((column) => [column.name, column]));
  const tests = reference.columns.flatMap((column) => {
    const other = others.get(column.name);
    if (!other || (options.columns && !options.columns.includes(column.name))) return [];
    return [...spreadTest(column, other, options), missingTest(column, other, options)];
  });
  const adjusted = adjustFalseDiscovery(tests.flatMap(({ shift }) => (shift ? [shift.pValue] : [])));
  let at = 0;
  return tests.map(({ shift, finding, least, words }) => {
    if (!shift) return { ...where, ...finding, state: 'not-enough-data', message: words };
    const q = adjusted[at++] ?? 1;
    const drifted = q <= options.falseDiscovery && shift.effect >= least;
    const measured = { effect: shift.effect, pValue: shift.pValue, adjusted: q };
    const size = `(${finding.detector} ${shift.effect.toPrecision(2)}, drift from ${least}; p ${q.toPrecision(2)})`;
    return { ...where, ...finding, state: drifted ? 'drift' : 'stable', ...measured, message: `${words} ${size}` };
  });
}

interface Test {
  readonly finding: Pick<DriftFinding, 'column' | 'detector' | 'rows'>;
  /** Undefined: too little to say. */
  readonly shift?: Shift;
  readonly least: number;
  readonly words: string;
}

function spreadTest(reference: ColumnProfile, current: ColumnProfile, options: CompareOptions): Test[] {
  const { numbers, categories, columns } = options;
  const isTime = reference.type === 'timestamp' || reference.type === 'date';
  if (isTime && !columns?.includes(reference.name)) return [];
  const byNumbers = reference.numbers !== undefined && current.numbers !== undefined;
  const byCategories = comparableCategories(reference, current);
  if (!byNumbers && !byCategories) return [];
  const detector = byNumbers ? numbers : categories;
  const rows = { reference: filled(reference), current: filled(current) };
  const test = { finding: { column: reference.name, detector, rows }, least: options.effect ?? LEAST_EFFECT[detector] };
  if (Math.min(rows.reference, rows.current) < options.minRows)
    return [{ ...test, words: tooFew(reference, rows, options) }];
  const shift = byNumbers ? numberShift(reference, current, numbers) : categoryShift(reference, current, categories);
  const words = shift
    ? describeShift(reference, current)
    : `"${reference.name}": it cannot be compared, as nearly every row has a value of its own or a side has no histogram`;
  return [{ ...test, ...(shift && { shift }), words }];
}

function comparableCategories(a: ColumnProfile, b: ColumnProfile): boolean {
  return a.type === b.type && (a.type === 'string' || a.type === 'boolean');
}

function numberShift(
  { numbers: reference }: ColumnProfile,
  { numbers: current }: ColumnProfile,
  detector: CompareOptions['numbers'],
): Shift | undefined {
  const bins = reference && current && sharedBins(reference, current);
  if (!bins) return undefined;
  switch (detector) {
    case 'psi':
      return psi(coarse(bins));
    case 'js':
      return js(coarse(bins));
    case 'ks':
      return ks(bins);
    case 'wasserstein':
      return wasserstein(reference, current);
  }
}

function categoryShift(
  reference: ColumnProfile,
  current: ColumnProfile,
  detector: CompareOptions['categories'],
): Shift | undefined {
  const counts = sharedCategories(reference, current);
  if (!counts) return undefined;
  switch (detector) {
    case 'psi':
      return psi(counts);
    case 'js':
      return js(counts);
    case 'chi2':
      return chi2(counts);
  }
}

function missingTest(reference: ColumnProfile, current: ColumnProfile, options: CompareOptions): Test {
  const rows = { reference: reference.rows, current: current.rows };
  const finding = { column: reference.name, detector: 'missing' as const, rows };
  const least = LEAST_EFFECT.missing;
  if (Math.min(rows.reference, rows.current) < options.minRows)
    return { finding, least, words: tooFew(reference, rows, options) };
  const sides = [reference, current].map((column) => ({ rows: column.rows, missing: missingOf(column) }));
  const [a, b] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const words = `"${reference.name}": missing in ${percent(a.missing / a.rows)} of the rows, now ${percent(b.missing / b.rows)}`;
  return { finding, least, shift: missing(a, b), words };
}

/** Rows with a value; of numbers a finite one. */
function filled(column: ColumnProfile): number {
  return column.numbers ? column.numbers.count : column.rows - missingOf(column);
}

function tooFew({ name }: ColumnProfile, rows: DriftFinding['rows'], { minRows }: CompareOptions): string {
  const [a, b] = [rows.reference.toLocaleString('en-US'), rows.current.toLocaleString('en-US')];
  return `"${name}": not compared, with ${a} rows before and ${b} now, want ${minRows} on both sides`;
}
