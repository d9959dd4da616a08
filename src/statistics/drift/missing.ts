import { normalCdf } from '../normal.js';
import type { Shift } from './shift.js';

/** Rows of one side, and how many of them have no value. */
export interface MissingRows {
  readonly rows: number;
  readonly missing: number;
}

/**
 * Whether another share of rows has no value: the two-sided z-test of two proportions with their common variance. The size
 * is Cohen's h, the distance of the shares after an arcsine, to which 0 and 1 % are as far apart as 45 and 55 %
 * (J. Cohen, "Statistical power analysis for the behavioral sciences", 1988; 0.2 is a small, 0.5 a medium effect).
 */
export function missing(reference: MissingRows, current: MissingRows): Shift {
  const [p, q] = [reference.missing / reference.rows, current.missing / current.rows];
  const common = (reference.missing + current.missing) / (reference.rows + current.rows);
  const error = Math.sqrt(common * (1 - common) * (1 / reference.rows + 1 / current.rows));
  const effect = Math.abs(2 * Math.asin(Math.sqrt(q)) - 2 * Math.asin(Math.sqrt(p)));
  return { effect, pValue: error === 0 ? 1 : 2 * normalCdf(-Math.abs(q - p) / error) };
}
