import { seededRandom } from '../../support/random.js';

/** Draws of one case, the same for the same seed. */
export class Draw {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** From 0 up to one below. */
  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  from<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError('drawn from nothing');
    return value;
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  times<T>(most: number, make: (index: number) => T, least = 0): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, (_, index) => make(index));
  }
}

/** A table of text cells; each column has cells of one style, and a few of any. */
export function table(draw: Draw): { names: string[]; rows: string[][] } {
  const names = draw.times(5, (index) => (draw.chance(0.1) ? draw.from(ODD_NAMES) : `c${index}`), 1);
  const styles = names.map(() => draw.from(Object.values(CELLS)));
  const cell = (column: number) => draw.from(draw.chance(0.04) ? CELLS.odd : (styles[column] ?? CELLS.odd));
  return { names, rows: draw.times(8, () => names.map((_, column) => cell(column))) };
}

export function csvText(draw: Draw, delimiter: string): string {
  const { names, rows } = table(draw);
  const lineEnd = draw.from(['\n', '\n', '\n', '\r\n', '\r']);
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const written = (text: string) => {
    return text.includes(delimiter) || /["\r\n]/.test(text) || draw.chance(0.1) ? quoted(text) : text;
  };
  const lines = [names, ...rows].map((row) => row.map(written).join(delimiter));
  return (draw.chance(0.05) ? '\ufeff' : '') + lines.join(lineEnd) + (draw.chance(0.8) ? lineEnd : '');
}

export function jsonlText(draw: Draw): string {
  const { names, rows } = table(draw);
  const styles = names.map(() => draw.from(Object.values(VALUES)));
  const value = (column: number) => draw.from(draw.chance(0.04) ? VALUES.odd : (styles[column] ?? VALUES.odd));
  const space = () => (draw.chance(0.05) ? ' ' : '');
  const lines = rows.map(() => {
    const kept = names.filter(() => !draw.chance(0.05));
    if (draw.chance(0.1)) kept.reverse();
    const members = kept.map((name) => `${space()}${JSON.stringify(name)}:${space()}${value(names.indexOf(name))}`);
    return `{${members.join(',')}}`;
  });
  const lineEnd = draw.from(['\n', '\n', '\r\n', '\n\n']);
  return (draw.chance(0.05) ? '\ufeff' : '') + lines.join(lineEnd) + (draw.chance(0.8) ? lineEnd : '');
}

/** Changes a few bytes: flips, cuts, doubles, and puts in what readers stumble over. */
export function mutated(draw: Draw, bytes: Buffer, hostile: readonly (string | Buffer)[]): Buffer {
  let changed = bytes;
  for (let count = draw.below(4); count >= 0; count -= 1) {
    const at = draw.below(changed.length + 1);
    const end = Math.min(changed.length, at + 1 + draw.below(8));
    const [before, middle, after] = [changed.subarray(0, at), changed.subarray(at, end), changed.subarray(end)];
    switch (draw.below(6)) {
      case 0:
        changed = Buffer.concat([before, Buffer.from([draw.below(256)]), changed.subarray(at + 1)]);
        break;
      case 1:
        changed = Buffer.concat([before, after]);
        break;
      case 2:
        changed = Buffer.concat([before, middle, middle, after]);
        break;
      case 3:
        changed = draw.chance(0.3) ? before : Buffer.concat([before, middle, middle, middle, after]);
        break;
      default:
        changed = Buffer.concat([before, Buffer.from(draw.from(hostile)), changed.subarray(at)]);
    }
  }
  return changed;
}

const CELLS = {
  integers: ['0', '1', '-7', '42', '9007199254740993', ''],
  numbers: ['0.5', '-1.25', '1e3', '3', 'NaN', ''],
  texts: ['x', 'some text', 'Ünïcode', 'a,b', 'say "hi"', 'two\nlines', ' padded ', ''],
  booleans: ['true', 'false', ''],
  dates: ['2001-01-01', '1999-12-31', ''],
  times: ['2001-01-01 10:00:00', '2001-01-01T23:59:59.5', '2001-01-01 10:00', ''],
  zoned: ['2001-01-01 10:00:00+02', '2001-01-01T10:00:00Z', ''],
  codes: ['007', '00', '0123', '5'],
  odd: [
    ['1_000', '0x10', '1e999', 'inf', '-Infinity', '9'.repeat(30), '9'.repeat(400), '1,5', '+7', '.5', '5.', '--1'],
    ['epoch', 'infinity', '2001-02-30', '01/02/2001', '24:00', '2001-01-01 25:00:00', '10000-01-01', 'null', 'NULL'],
    ['=1+1', '@x', '\t', '"', '""', '\\', '\\N', '#x', '\u202e', '\u0663\u0664', 'é', 'x'.repeat(300), "'", ';', '|'],
  ].flat(),
} as const;

const VALUES = {
  integers: ['0', '1', '-7', '9007199254740993', 'null'],
  numbers: ['0.5', '-1.25', '1e3', '3', 'null'],
  texts: ['"x"', '"some text"', '"say \\"hi\\""', '"two\\nlines"', '"\\u00e9\\ud83d\\ude00"', '"é"', '""', 'null'],
  booleans: ['true', 'false', 'null'],
  dates: ['"2001-01-01"', '"1999-12-31"', 'null'],
  times: ['"2001-01-01 10:00:00"', '"2001-01-01T23:59:59.5"', '"2001-01-01"', '"2001-01-01T10:00:00Z"'],
  nested: ['{}', '[]', '{"a":[1,{"b":null}]}', '[ 1.50 , "x,y" ]', '"x"'],
  odd: [
    ['12345678901234567890', '1e999', '-0', '0.10', '1E5', '"2001-02-30"', '"\\ud800"', '"\\u0000"', 'NaN', '01'],
    ['[[[[]]]]', '{"a":1,"a":2}', '"\\u202e"', '"1,5"', '"=1"', '[1,]', '{"a"}', `"${'x'.repeat(300)}"`],
    ['9'.repeat(400), '"infinity"', '"2001-01-01T10:00:00+25:00"', '"0000-01-01"', '"24:00"', '-', '""""'],
  ].flat(),
} as const;

const ODD_NAMES = ['C0', ' c1', 'select', 'a"b', 'x,y', 'constructor', '1', 'é', 'a;b', '__proto__', 'na me'];
