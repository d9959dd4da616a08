/** How values of a cursor column are compared and written. */
export interface CursorKind {
  /** The column's type in PostgreSQL. */
  readonly type: string;
  /** SQL for the text of a value: exact, and the same whatever the server's settings are. */
  text(value: string): string;
  /** What such a text looks like; it is put into SQL and read from the ids of slices. */
  readonly looks: RegExp;
  /** SQL that is true for values that are old enough to be taken; undefined when values have no age. */
  old?(value: string, lagMs: number): string;
  compare(a: string, b: string): number;
}

/** By the type's number (its OID), which every PostgreSQL server has the same. Others cannot be a cursor. */
export const CURSOR_KINDS: ReadonlyMap<number, CursorKind> = new Map([
  [21, numbers('smallint')],
  [23, numbers('integer')],
  [20, numbers('bigint')],
  [1700, numbers('numeric')],
  [
    1082,
    {
      type: 'date',
      text: (value) => `(${value})::text`,
      looks: /^\d{4,6}-\d\d-\d\d$/,
      // More rows of a day may come until it is over.
      old: (value, lagMs) => `${value} < (now() AT TIME ZONE 'UTC' - ${interval(lagMs)})::date`,
      compare: byText,
    },
  ],
  [1114, times('timestamp without time zone', (value) => value, "now() AT TIME ZONE 'UTC'")],
  [1184, times('timestamp with time zone', (value) => `${value} AT TIME ZONE 'UTC'`, 'now()')],
]);

function numbers(type: string): CursorKind {
  return { type, text: (value) => `(${value})::text`, looks: /^-?\d+(\.\d+)?$/, compare: byNumber };
}

/** With microseconds: that is what a timestamp has, and a bound that is rounded would take rows twice or never. */
function times(type: string, utc: (value: string) => string, now: string): CursorKind {
  return {
    type,
    text: (value) => `to_char(${utc(value)}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
    looks: /^\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
    old: (value, lagMs) => `${value} <= ${now} - ${interval(lagMs)}`,
    compare: byText,
  };
}

function interval(lagMs: number): string {
  return `interval '${lagMs} milliseconds'`;
}

function byText(a: string, b: string): number {
  return a.length === b.length ? (a < b ? -1 : a > b ? 1 : 0) : a.length - b.length;
}

/** Of any length: a number of JavaScript has 53 bits. */
function byNumber(a: string, b: string): number {
  const digits = Math.max(fraction(a).length, fraction(b).length);
  const scaled = (text: string) => BigInt(text.replace('.', '') + '0'.repeat(digits - fraction(text).length));
  const difference = scaled(a) - scaled(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function fraction(text: string): string {
  return text.split('.')[1] ?? '';
}
