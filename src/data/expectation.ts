import type { Expectation } from '../domain/contract.js';

/** Whether a measured number is what a rule expects. A rule never holds for NaN. */
export function isKept(expect: Expectation, found: number): boolean {
  switch (expect.operator) {
    case 'mustBe':
      return found === expect.value;
    case 'mustNotBe':
      return found !== expect.value && !Number.isNaN(found);
    case 'mustBeGreaterThan':
      return found > expect.value;
    case 'mustBeGreaterOrEqualTo':
      return found >= expect.value;
    case 'mustBeLessThan':
      return found < expect.value;
    case 'mustBeLessOrEqualTo':
      return found <= expect.value;
    case 'mustBeBetween':
      return expect.value[0] <= found && found <= expect.value[1];
    case 'mustNotBeBetween':
      return found < expect.value[0] || found > expect.value[1];
  }
}

/** What is wanted, to stand behind "want": `at most 5 %`, `2 to 7`. `say` writes a number, with its unit. */
export function wantedWords({ operator, value }: Expectation, say: (value: number) => string = number): string {
  switch (operator) {
    case 'mustBe':
      return say(value);
    case 'mustNotBe':
      return `anything but ${say(value)}`;
    case 'mustBeGreaterThan':
      return `more than ${say(value)}`;
    case 'mustBeGreaterOrEqualTo':
      return `at least ${say(value)}`;
    case 'mustBeLessThan':
      return `less than ${say(value)}`;
    case 'mustBeLessOrEqualTo':
      return `at most ${say(value)}`;
    case 'mustBeBetween':
      return `${say(value[0])} to ${say(value[1])}`;
    case 'mustNotBeBetween':
      return `less than ${say(value[0])} or more than ${say(value[1])}`;
  }
}

/** `12,345.6`: as many digits as tell it apart from what is wanted. */
export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 12 });
}

/** `12.5 %`, of a number that counts hundredths. */
export function percent(value: number): string {
  return `${value !== 0 && Math.abs(value) < 0.01 ? value.toPrecision(2) : Number(value.toFixed(2))} %`;
}

/** `1,234 of 5,000 rows (24.68 %)`. */
export function ofRows(count: number, rows: number): string {
  const share = rows === 0 ? '' : ` (${percent((count * 100) / rows)})`;
  return `${number(count)} of ${number(rows)} ${rows === 1 ? 'row' : 'rows'}${share}`;
}

/** A span of seconds in the unit that suits it: `36 hours`, `2.5 days`. */
export function seconds(value: number): string {
  for (const [unit, length] of UNITS) {
    if (Math.abs(value) < 2 * length) continue;
    return `${Number((value / length).toFixed(1))} ${unit}`;
  }
  return `${Number(value.toFixed(1))} seconds`;
}

const UNITS = [
  ['days', 86_400],
  ['hours', 3600],
  ['minutes', 60],
] as const;
