import { expect, test } from 'vitest';
import { blocksOf, textOf } from '../../../src/stores/s3-xml.js';

test('text of an element, stays the text it was', () => {
  expect(textOf('<Key>007</Key>', 'Key')).toBe('007');
  expect(textOf('<Key>a&amp;b&lt;&#x41;&#66;&quot;</Key>', 'Key')).toBe('a&b<AB"');
  expect(textOf('<Key></Key>', 'Key')).toBe('');
  expect(textOf('<Other>x</Other>', 'Key')).toBeUndefined();
});

test('entities that a document declares, are not expanded', () => {
  expect(textOf('<!DOCTYPE x [<!ENTITY bomb "boom">]><Key>&bomb;&constructor;&#x110000;</Key>', 'Key')).toBe(
    '&bomb;&constructor;&#x110000;',
  );
});

test('blocks, are found one by one and never beyond a cut', () => {
  expect(blocksOf('<C>1</C><C>2</C><C>3', 'C')).toEqual(['1', '2']);
  expect(blocksOf('', 'C')).toEqual([]);
});

test('a document of 100,000 unclosed elements, is read in little time', () => {
  const start = performance.now();
  expect(blocksOf('<C>'.repeat(100_000), 'C')).toEqual([]);
  expect(textOf('&'.repeat(100_000), 'C')).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(1000);
});
