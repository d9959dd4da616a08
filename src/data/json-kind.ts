import type { ColumnType } from '../domain/data.js';
import { STORED_TYPE } from './column-type.js';

/** What a JSON value is, one bit a kind; a column has the bits of all its values but null. */
export const KIND = {
  boolean: 1,
  /** A whole number that a double holds exactly. */
  whole: 2,
  /** One that it does not, of 64 bits. */
  wide: 4,
  /** One beyond 64 bits. */
  huge: 8,
  /** A number with a fraction or an exponent. */
  fraction: 16,
  /** One that is infinite as a double. */
  infinite: 32,
  /** Texts that are an ISO 8601 date, time, and time with a zone. */
  date: 64,
  time: 128,
  zoned: 256,
  /** Any other text. */
  text: 512,
  /** An object or a list. */
  nested: 1024,
} as const;

/** The kind of a text that spells a number or a boolean, from that of the number or boolean. */
export const TEXT_OF = 65_536;

/**
 * The DuckDB type of a column, from the kinds of its values: the declared one, or a wider one that is sound and that the
 * contract judges (12.5 in a column of whole numbers makes it one of numbers). Without a declaration the narrowest that
 * holds every value exactly; whatever does not fit together, and what is nested, is text as it stands in the file.
 *
 * @returns undefined when values do not fit what is declared
 */
export function jsonColumnType(kinds: number, declared: ColumnType | undefined): string | undefined {
  const only = (...allowed: number[]) => (kinds & ~allowed.reduce((all, kind) => all | kind, 0)) === 0;
  const spelled = (...allowed: number[]) => only(...allowed.flatMap((kind) => [kind, kind * TEXT_OF]));
  const { boolean, whole, wide, fraction, date, time, zoned } = KIND;
  const times = only(date, time) ? 'TIMESTAMP' : only(date, time, zoned) ? 'TIMESTAMP WITH TIME ZONE' : undefined;
  switch (declared) {
    case 'string':
      return STORED_TYPE.string;
    case 'integer':
      return spelled(whole, wide) ? STORED_TYPE.integer : spelled(whole, fraction) ? STORED_TYPE.number : undefined;
    case 'number':
      return spelled(whole, fraction) ? STORED_TYPE.number : undefined;
    case 'boolean':
      return spelled(boolean) ? STORED_TYPE.boolean : spelled(whole) ? STORED_TYPE.integer : undefined;
    case 'timestamp':
      return times;
    case 'date':
      return only(date) ? STORED_TYPE.date : times;
    case 'other':
    case undefined:
      if (kinds === 0) return STORED_TYPE.string;
      if (only(boolean)) return STORED_TYPE.boolean;
      if (only(whole, wide)) return STORED_TYPE.integer;
      if (only(whole, fraction)) return STORED_TYPE.number;
      return (only(date) ? STORED_TYPE.date : times) ?? STORED_TYPE.string;
  }
}

/** A column whose texts are looked at more closely than to tell that they are texts. */
export function textsMatter(kinds: number, declared: ColumnType | undefined): boolean {
  if (declared === undefined || declared === 'other') return (kinds & KIND.text) === 0;
  return declared !== 'string';
}

/** The kind of a text. */
export function textKind(text: string, declared: ColumnType | undefined): number {
  if (TIME.test(text)) {
    if (!isDay(text)) return KIND.text;
    if (text.length === 10) return KIND.date;
    return /[-Z+]/.test(text.slice(19)) ? KIND.zoned : KIND.time;
  }
  if (declared === 'boolean' && (text === 'true' || text === 'false')) return KIND.boolean * TEXT_OF;
  if (declared === undefined || declared === 'other' || !NUMBER.test(text)) return KIND.text;
  return numberKind(text) * TEXT_OF;
}

/** The kind of a number, spelled as JSON spells it. */
export function numberKind(text: string): number {
  const value = Number(text);
  if (/[.eE]/.test(text)) return Number.isFinite(value) ? KIND.fraction : KIND.infinite;
  if (Number.isSafeInteger(value)) return KIND.whole;
  const exact = BigInt(text);
  if (exact > MOST || exact < LEAST) return KIND.huge;
  return BigInt(value) === exact ? KIND.whole : KIND.wide;
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
/** A zone stands behind seconds only: DuckDB reads none behind 10:00. */
const TIME =
  /^\d{4}-\d{2}-\d{2}(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?(?:Z|[-+](?:0\d|1[0-5])(?::?[0-5]\d)?)?)?)?$/;
const [LEAST, MOST] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Whether the calendar has the day that the text begins with: 2001-02-29 does not exist. */
function isDay(text: string): boolean {
  const [month, day] = [Number(text.slice(5, 7)), Number(text.slice(8, 10))];
  if (month < 1 || month > 12 || day < 1) return false;
  if (day <= 28) return !text.startsWith('0000');
  const year = Number(text.slice(0, 4));
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year > 0 && day <= days;
}
