import type { Check, CheckMeasure, Expectation, Severity, ValidValues } from '../domain/contract.js';

/** How a rule compares with the one before: it asks more, asks less, or something else. */
export type Strictness = 'same' | 'tighter' | 'looser' | 'other';

/** Compares two forms of one check. */
export function checkStrictness(before: Check, after: Check): Strictness {
  return together([
    measureStrictness(before.measure, after.measure),
    before.unit === after.unit ? expectStrictness(before, after) : 'other',
    severityStrictness(before.severity, after.severity),
  ]);
}

/** What a broken rule does: the run stops, rows are set aside, people are told. `undefined` is nothing at all. */
export function severityStrictness(before: Severity | undefined, after: Severity | undefined): Strictness {
  const rank = (severity: Severity | undefined) =>
    severity === undefined ? -1 : (['warn', 'quarantine', 'block'] as const).indexOf(severity);
  return compared(rank(before), rank(after));
}

/** Several comparisons as one: the direction when all agree. */
export function together(parts: readonly Strictness[]): Strictness {
  const told = new Set(parts.filter((part) => part !== 'same'));
  if (told.size === 0) return 'same';
  const [only] = told;
  return told.size === 1 && only ? only : 'other';
}

function measureStrictness(before: CheckMeasure, after: CheckMeasure): Strictness {
  if (JSON.stringify(before) === JSON.stringify(after)) return 'same';
  if (before.kind === 'invalid' && after.kind === 'invalid') return validStrictness(before.valid, after.valid);
  if (before.kind === 'nulls' && after.kind === 'nulls') {
    // What counts as empty is refused: more of it asks more.
    return flipped(setStrictness(before.missing ?? [], after.missing ?? []));
  }
  return 'other';
}

function validStrictness(before: ValidValues, after: ValidValues): Strictness {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof ValidValues)[];
  return together(
    keys.map((key) => {
      const [old, now] = [before[key], after[key]];
      if (old === undefined || now === undefined)
        return old === now ? 'same' : old === undefined ? 'tighter' : 'looser';
      switch (key) {
        case 'min':
        case 'exclusiveMin':
        case 'minLength':
          return compared(sortable(old), sortable(now));
        case 'max':
        case 'exclusiveMax':
        case 'maxLength':
          return flipped(compared(sortable(old), sortable(now)));
        case 'values':
          return setStrictness(before.values ?? [], after.values ?? []);
        case 'multipleOf':
          return old === now ? 'same' : Number(now) % Number(old) === 0 ? 'tighter' : 'other';
        case 'pattern':
        case 'finite':
          return old === now ? 'same' : 'other';
      }
    }),
  );
}

/** Allowed values: fewer of them ask more. */
function setStrictness(before: readonly unknown[], after: readonly unknown[]): Strictness {
  const lost = before.some((value) => !after.includes(value));
  const won = after.some((value) => !before.includes(value));
  return lost && won ? 'other' : lost ? 'tighter' : won ? 'looser' : 'same';
}

function expectStrictness(before: Check, after: Check): Strictness {
  // Counts and ages are never negative; the answer of a query may be.
  const least = before.measure.kind === 'sql' ? -Infinity : 0;
  const [old, now] = [allowed(before.expect, least), allowed(after.expect, least)];
  const fewer = isWithin(now, old);
  const more = isWithin(old, now);
  return fewer && more ? 'same' : fewer ? 'tighter' : more ? 'looser' : 'other';
}

interface Interval {
  readonly low: number;
  readonly high: number;
  readonly openLow?: boolean;
  readonly openHigh?: boolean;
}

/** The numbers that an expectation takes, as intervals that do not touch. */
function allowed(expect: Expectation, least: number): Interval[] {
  const all = { low: least, high: Infinity };
  const intervals = (): Interval[] => {
    switch (expect.operator) {
      case 'mustBe':
        return [{ low: expect.value, high: expect.value }];
      case 'mustNotBe':
        return [
          { ...all, high: expect.value, openHigh: true },
          { ...all, low: expect.value, openLow: true },
        ];
      case 'mustBeGreaterThan':
        return [{ ...all, low: expect.value, openLow: true }];
      case 'mustBeGreaterOrEqualTo':
        return [{ ...all, low: expect.value }];
      case 'mustBeLessThan':
        return [{ ...all, high: expect.value, openHigh: true }];
      case 'mustBeLessOrEqualTo':
        return [{ ...all, high: expect.value }];
      case 'mustBeBetween':
        return [{ low: expect.value[0], high: expect.value[1] }];
      case 'mustNotBeBetween':
        return [
          { ...all, high: expect.value[0], openHigh: true },
          { ...all, low: expect.value[1], openLow: true },
        ];
    }
  };
  return intervals().flatMap((each) => {
    const low = Math.max(each.low, least);
    const openLow = each.low >= least && each.openLow === true;
    const isEmpty = low > each.high || (low === each.high && (openLow || each.openHigh === true));
    return isEmpty ? [] : [{ ...each, low, openLow }];
  });
}

function isWithin(inner: readonly Interval[], outer: readonly Interval[]): boolean {
  return inner.every((a) =>
    outer.some(
      (b) =>
        (a.low > b.low || (a.low === b.low && (b.openLow !== true || a.openLow === true))) &&
        (a.high < b.high || (a.high === b.high && (b.openHigh !== true || a.openHigh === true))),
    ),
  );
}

function compared(before: number | string, after: number | string): Strictness {
  return before === after ? 'same' : after > before ? 'tighter' : 'looser';
}

function flipped(strictness: Strictness): Strictness {
  return strictness === 'tighter' ? 'looser' : strictness === 'looser' ? 'tighter' : strictness;
}

/** Bounds of time are compared as times. */
function sortable(bound: unknown): number | string {
  if (typeof bound !== 'string') return Number(bound);
  const time = /^\d{4}-\d{2}-\d{2}/.test(bound) ? Date.parse(bound.replace(' ', 'T')) : Number.NaN;
  return Number.isNaN(time) ? bound : time;
}
