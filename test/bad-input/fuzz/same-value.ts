import type { ColumnType } from '../../../src/domain/data.js';

/**
 * Whether a value of a part, as DuckDB spells it, is the one that stood in the file. Written anew and in the plainest way,
 * so that no mistake of the readers is made here too.
 */
export function sameValue(type: ColumnType, inFile: string | null, inPart: string | null): boolean {
  if (inFile === null || inPart === null) return inFile === inPart;
  const [text, value] = [inFile.trim(), inPart];
  switch (type) {
    case 'integer':
      return /^[-+]?\d+$/.test(text) && BigInt(text.replace('+', '')) === BigInt(value);
    case 'number':
      return sameNumber(text, value);
    case 'boolean':
      return (/^(true|t|yes|y|1)$/i.test(text) ? 'true' : /^(false|f|no|n|0)$/i.test(text) ? 'false' : '') === value;
    case 'date':
    case 'timestamp':
      return microseconds(text) !== undefined && microseconds(text) === microseconds(value);
    case 'string':
    case 'other':
      return inFile === value;
  }
}

function sameNumber(text: string, value: string): boolean {
  // One NaN is as good as another: a sign that is written before it means nothing.
  if (/^[-+]?nan$/i.test(text)) return /^-?nan$/.test(value);
  return (
    /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) &&
    Number.isFinite(Number(value)) &&
    Number(text) === Number(value)
  );
}

const TIME =
  /^(\d{1,6})[-/](\d{1,2})[-/](\d{1,2})(?:[T ] *(\d{1,2}):(\d{1,2})(?::(\d{1,2})(\.\d*)?)?)?(?: ?(?:Z|UTC|([-+]\d{1,2})(?::?(\d{2}))?))?$/;

/** Since 1970 in UTC, whole. */
function microseconds(text: string): bigint | undefined {
  const found = TIME.exec(text);
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found
    .slice(1, 7)
    .map((part: string | undefined) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year ?? 0, (month ?? 1) - 1, day);
  date.setUTCHours(hour ?? 0, minute, second);
  const fraction = BigInt((found[7] ?? '.').slice(1, 7).padEnd(6, '0'));
  const sign = found[8]?.startsWith('-') === true ? -1 : 1;
  const zone = Number(found[8] ?? 0) * 60 + sign * Number(found[9] ?? 0);
  return BigInt(date.getTime() - zone * 60_000) * 1000n + fraction;
}
