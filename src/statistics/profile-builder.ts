import type { Column } from '../domain/data.js';
import type { ColumnProfile, Histogram, TableProfile } from '../domain/profile.js';

/** Values of one column, a row each: booleans as 0 and 1; NaN and the empty text stand for what is missing. */
export type ColumnOfValues = ArrayLike<number | bigint | string>;

/** How many different texts of a column are told apart; what comes after them is counted but not named. */
const MOST_TEXTS = 1000;
/** Longer texts are cut, as those of the other side are. */
const LONGEST_TEXT = 200;
const MOST_TOP = 50;

/**
 * Profiles rows that come a few at a time, in the shape that `profileFiles` gives for files: the two can be compared and
 * merged. Values are in the form that a model takes them, so a missing number is NaN and counts as null.
 */
export class ProfileBuilder {
  readonly #collectors: ReadonlyMap<string, Collector>;
  #rows = 0;

  /**
   * @param columns numbers, texts and booleans; others are left out
   * @param like what it will be compared with: a column gets a histogram with its edges there, and the values of a text
   *   column that it has are counted only if they are counted there
   */
  constructor(columns: readonly Column[], like?: TableProfile) {
    const others = new Map(like?.columns.map((column) => [column.name, column]));
    this.#collectors = new Map(
      columns.flatMap((column) => {
        const other = others.get(column.name);
        return collectorOf(column, other, other === undefined || other.top !== undefined);
      }),
    );
  }

  /** Rows that were added so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds rows. Columns that it was not made for are left out. */
  add(rows: number, columns: Readonly<Record<string, ColumnOfValues>>): void {
    this.#rows += rows;
    for (const [name, collector] of this.#collectors) {
      const values = columns[name];
      if (values) collector.add(values);
    }
  }

  profile(): TableProfile {
    const columns = [...this.#collectors.values()].map((collector) => collector.profile(this.#rows));
    return { rows: this.#rows, columns };
  }
}

interface Collector {
  add(values: ColumnOfValues): void;
  profile(rows: number): ColumnProfile;
}

function collectorOf(column: Column, like: ColumnProfile | undefined, countsTexts: boolean): [string, Collector][] {
  switch (column.type) {
    case 'integer':
    case 'number':
      return [[column.name, new NumberCollector(column, like?.numbers?.histogram?.edges)]];
    case 'string':
    case 'boolean':
      return [[column.name, new TextCollector(column, column.type === 'boolean' || countsTexts)]];
    case 'timestamp':
    case 'date':
    case 'other':
      return [];
  }
}

class NumberCollector implements Collector {
  readonly #column: Column;
  readonly #edges: readonly number[] | undefined;
  /** The edges as values of 32 bits see them: 0.7 with 32 bits is less than 0.7, but belongs to the bin that begins there. */
  readonly #roundedEdges: readonly number[] | undefined;
  readonly #counts: number[];
  #nulls = 0;
  #infinities = 0;
  #zeros = 0;
  #negatives = 0;
  #count = 0;
  #min = Infinity;
  #max = -Infinity;
  #mean = 0;
  /** Sum of squared distances from the mean (Welford, Technometrics 4, 1962). */
  #squares = 0;

  constructor(column: Column, edges: readonly number[] | undefined) {
    this.#column = column;
    this.#edges = edges;
    this.#roundedEdges = edges?.map(Math.fround);
    this.#counts = Array.from({ length: (edges?.length ?? -1) + 1 }, () => 0);
  }

  add(values: ColumnOfValues): void {
    const edges = values instanceof Float32Array ? this.#roundedEdges : this.#edges;
    for (let row = 0; row < values.length; row++) this.#one(Number(values[row]), edges);
  }

  profile(rows: number): ColumnProfile {
    const some = this.#count > 0;
    const histogram: Histogram | undefined = this.#edges && { edges: this.#edges, counts: [...this.#counts] };
    return {
      ...this.#column,
      rows,
      nulls: this.#nulls,
      numbers: {
        count: this.#count,
        nans: 0,
        infinities: this.#infinities,
        zeros: this.#zeros,
        negatives: this.#negatives,
        ...(some && { min: this.#min, max: this.#max, mean: this.#mean }),
        ...(this.#count > 1 && { deviation: Math.sqrt(this.#squares / (this.#count - 1)) }),
        ...(histogram && { histogram }),
      },
    };
  }

  #one(value: number, edges: readonly number[] | undefined): void {
    if (Number.isNaN(value)) {
      this.#nulls += 1;
      return;
    }
    if (!Number.isFinite(value)) {
      this.#infinities += 1;
      return;
    }
    this.#count += 1;
    if (value === 0) this.#zeros += 1;
    if (value < 0) this.#negatives += 1;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    const away = value - this.#mean;
    this.#mean += away / this.#count;
    this.#squares += away * (value - this.#mean);
    if (edges) {
      const bin = binOf(edges, value);
      this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
    }
  }
}

/** How many edges are at or below the value. */
function binOf(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] ?? Infinity) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

class TextCollector implements Collector {
  readonly #column: Column;
  readonly #countsValues: boolean;
  readonly #times = new Map<string, number>();
  #nulls = 0;
  #count = 0;
  #length = 0;
  #minLength = Infinity;
  #maxLength = 0;

  constructor(column: Column, countsValues: boolean) {
    this.#column = column;
    this.#countsValues = countsValues;
  }

  add(values: ColumnOfValues): void {
    for (let row = 0; row < values.length; row++) {
      const value = values[row] ?? '';
      if (value === '' || Number.isNaN(value)) this.#nulls += 1;
      else if (this.#column.type === 'boolean') this.#tally(Number(value) === 1 ? 'true' : 'false');
      else this.#text(String(value));
    }
  }

  profile(rows: number): ColumnProfile {
    const top = [...this.#times]
      .map(([value, count]) => ({ value, count }))
      .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, MOST_TOP);
    const counted = this.#countsValues && { top, ...(this.#times.size < MOST_TEXTS && { distinct: this.#times.size }) };
    const base = { ...this.#column, rows, nulls: this.#nulls, ...counted };
    if (this.#column.type === 'boolean') return { ...base, trues: this.#times.get('true') ?? 0 };
    const some = this.#count > 0;
    const text = {
      ...(some && { minLength: this.#minLength, maxLength: this.#maxLength, meanLength: this.#length / this.#count }),
    };
    return { ...base, text };
  }

  #text(value: string): void {
    const length = characters(value);
    this.#length += length;
    this.#minLength = Math.min(this.#minLength, length);
    this.#maxLength = Math.max(this.#maxLength, length);
    this.#tally(value.slice(0, LONGEST_TEXT));
  }

  #tally(value: string): void {
    this.#count += 1;
    if (!this.#countsValues) return;
    const times = this.#times.get(value);
    if (times !== undefined || this.#times.size < MOST_TEXTS) this.#times.set(value, (times ?? 0) + 1);
  }
}

/** Counted as the data engine counts: a character outside of the basic plane is one. */
function characters(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff]/g)?.length ?? 0);
}
