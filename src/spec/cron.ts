const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Field {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
  /** The number that the first of `names` stands for. */
  readonly namesFrom?: number;
}

const FIELDS: readonly Field[] = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of month', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, names: MONTHS, namesFrom: 1 },
  { name: 'day of week', low: 0, high: 7, names: DAYS, namesFrom: 0 },
];

/**
 * What is wrong with a cron text of five fields, or undefined when it is right. Each field: `*`, numbers, names of months
 * and days, ranges, steps and lists of these. Refused is what some readers take and others do not: seconds, `@daily`,
 * `?`, `L`, and what never comes, such as the 31st of February.
 */
export function cronProblem(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== 5 || parts[0] === '') {
    const count = parts[0] === '' ? 0 : parts.length;
    return `found ${count} field${count === 1 ? '' : 's'}, want five: minute, hour, day of month, month, day of week`;
  }
  const values: ReadonlySet<number>[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const read = readField(parts[index] ?? '', field);
    if (typeof read === 'string') return read;
    values.push(read);
  }
  return neverComes(values) ? 'found a day of month that its months do not have, want one that comes' : undefined;
}

/** The numbers that a field means, or what is wrong with it. */
function readField(text: string, field: Field): ReadonlySet<number> | string {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const match = /^(?:(\*)|(\w{1,3})(?:-(\w{1,3}))?)(?:\/(\d{1,2}))?$/.exec(item);
    if (!match) return wrong(field, item, `*, ${field.low}-${field.high}, ranges, lists or steps`);
    const [, star, from, to, step] = match;
    const low = star ? field.low : number(from, field);
    const high = star || (step && !to) ? field.high : to ? number(to, field) : low;
    if (low === undefined || high === undefined) return wrong(field, item, `${field.low} to ${field.high}`);
    if (low > high) return wrong(field, item, 'the smaller first');
    const stride = step === undefined ? 1 : Number(step);
    if (stride < 1) return wrong(field, item, 'a step of at least 1');
    for (let value = low; value <= high; value += stride) values.add(value);
  }
  return values;
}

function number(text: string | undefined, field: Field): number | undefined {
  if (text === undefined) return undefined;
  const named = field.names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + (field.namesFrom ?? 0);
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  return value >= field.low && value <= field.high ? value : undefined;
}

function wrong(field: Field, item: string, want: string): string {
  const shown = item.length > 20 ? `${item.slice(0, 17)}...` : item;
  return `found "${shown}" as the ${field.name}, want ${want}`;
}

function neverComes([, , days, months]: readonly ReadonlySet<number>[]): boolean {
  if (!days || !months) return false;
  return ![...months].some((month) => [...days].some((day) => day <= (LONGEST[month - 1] ?? 31)));
}
