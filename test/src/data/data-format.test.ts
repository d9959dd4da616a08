import { describe, expect, it } from 'vitest';
import { dataFormat } from '../../../src/data/data-format.js';

describe('the format of an object', () => {
  it.each([
    ['a.csv', 'csv'],
    ['a/b.2001.TSV', 'tsv'],
    ['a.jsonl', 'jsonl'],
    ['a.ndjson.zst', 'jsonl'],
    ['a.Parquet.GZ', 'parquet'],
  ])('of %s is %s by its ending', (object, format) => {
    expect(dataFormat(object)).toBe(format);
  });

  it.each(['a', 'a.json', 'a.csv.bz2', 'a.gz', 'csv', 'a.csv.gz.zst'])(
    'of %s is unknown, unless it is declared',
    (object) => {
      expect(() => dataFormat(object)).toThrow(`Cannot read "${object}": its name ends in none of .csv, .tsv`);
      expect(dataFormat(object, 'tsv')).toBe('tsv');
    },
  );
});
