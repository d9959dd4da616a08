import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workbench, type Workbench } from '../src/data/data-job.js';
import { refusal } from './refusal.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

const jsonl = { id: 'inbox/data.jsonl' };
const deep = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}\n`;
const GOOD = '{"a":1}\n';

describe('JSON Lines', () => {
  it.each([
    ['100,000 levels of lists', deep(100_000), /line 2: .* nested more than 100 levels/],
    ['100,000 levels of objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}\n`, /nested more than 100 levels/],
    ['100 levels inside of the object', deep(100), /nested more than 100 levels/],
    ['100,000 brackets that never close', `{"a":${'['.repeat(100_000)}\n`, /nested more than 100 levels/],
    ['a key twice', '{"a":1,"b":2,"a":3}\n', /line 2: the key of column 1 stands twice/],
    ['a key twice, once as an escape', '{"a":1,"\\u0061":2}\n', /the key of column 1 stands twice/],
    ['a key twice in a nested object', '{"a":[{"b":{"c":1,"c":2}}]}\n', /line 2: a key stands twice/],
    ['__proto__ as a key', '{"__proto__":{"polluted":true}}\n', /"__proto__", which is not safe/],
    ['keys that differ in case only', '{"A":1}\n', /"a" and "A", which SQL cannot tell apart/],
    ['a key of 201 characters', `{"${'k'.repeat(201)}":1}\n`, /line 2: a key has 201 characters/],
    ['a key that turns the text around', '{"x\u202ey":1}\n', /"x\\u202ey"/],
    ['an empty key', '{"":1}\n', /column 2 has no name/],
    ['half of a surrogate pair', '{"a":"\\ud800"}\n', /line 2: a text has half of a surrogate pair/],
    ['the other half', '{"a":"\\udc00\\ud800"}\n', /half of a surrogate pair/],
    ['a half in a nested text', '{"a":["\\ud800x"]}\n', /half of a surrogate pair/],
    ['a half in a key', '{"\\ud800":1}\n', /half of a surrogate pair/],
    [
      'half a pair in UTF-8',
      Buffer.from('{"a":"\xed\xa0\x80"}\n', 'latin1'),
      /line 2: it has bytes that are not UTF-8/,
    ],
    ['bytes that are not UTF-8', Buffer.from('{"a":"\xff"}\n', 'latin1'), /line 2: it has bytes that are not UTF-8/],
    ['a NUL as an escape', '{"a":"x\\u0000"}\n', /line 2: a text has a NUL character/],
    ['a NUL byte', '{"a":"x\0"}\n', /line 2: it is not JSON: at byte 8/],
    ['NaN', '{"a":NaN}\n', /line 2: it is not JSON: at byte 6 want a value/],
    ['Infinity', '{"a":-Infinity}\n', /at byte 6 want a value|at byte 7/],
    ['a number that begins with zero', '{"a":01}\n', /a number begins with a zero/],
    ['a number with nothing behind its dot', '{"a":1.}\n', /want a value/],
    ['a list', '[{"a":1}]\n', /at byte 1 want one object a line/],
    ['a number alone', '1\n', /at byte 1 want one object a line/],
    ['two objects on a line', '{"a":1} {"a":2}\n', /at byte 9 there is more behind the object/],
    ['an object over two lines', '{"a":\n1}\n', /line 2: it is not JSON: at its end want a value/],
    ['an object that is cut off', '{"a":1,"b"', /line 2: it is not JSON: at its end want ":"/],
    ['a comma before the brace', '{"a":1,}\n', /want a key in quotes/],
    ['a comma before the bracket', '{"a":[1,]}\n', /want a value/],
    ['quotes of another kind', "{'a':1}\n", /at byte 2 want a key in quotes/],
    ['a key without quotes', '{a:1}\n', /want a key in quotes/],
    ['a comment', '{"a":1} // note\n', /more behind the object/],
    ['a line feed in a text', '{"a":"x\ny"}\n', /a text does not end/],
    ['a tab in a text', '{"a":"x\ty"}\n', /want it as an escape/],
    ['an escape that JSON does not have', '{"a":"\\x41"}\n', /a backslash stands before what it cannot/],
    ['a byte-order mark in the middle', '\ufeff{"a":2}\n', /line 2: it is not JSON: at byte 1/],
    ['a line of 3 MB', `{"a":"${'x'.repeat(3e6)}"}\n`, /line 2: the line is longer than 2000000 bytes/],
    ['10,001 keys', `{${Array.from({ length: 10_001 }, (_, n) => `"k${n}":1`).join()}}\n`, /more than 10000 keys/],
  ])('with %s is refused', async (_, line, message) => {
    const error = await refusal(bench, Buffer.concat([Buffer.from(GOOD), Buffer.from(line)]), jsonl);
    expect(error).toMatchObject({ code: 'DATA.UNREADABLE', message: expect.stringMatching(message) as string });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('with objects without keys is refused, and is empty with nothing but white space', async () => {
    expect((await refusal(bench, '{}\n{}\n', jsonl)).message).toMatch(/no keys, want at least one/);
    for (const text of ['', '\ufeff', '\n \n\t\r\n']) {
      expect(await refusal(bench, text, jsonl)).toMatchObject({ code: 'DATA.EMPTY' });
    }
  });

  it('of few bytes that make many is refused before it fills the disk', async () => {
    const wide = `{${Array.from({ length: 5000 }, (_, n) => `"k${n}":1`).join()}}\n`;
    const options = { ...jsonl, unpackLimits: { maxBytes: 20_000_000 } };
    const error = await refusal(bench, wide + '{}\n'.repeat(10_000), options);
    expect(error.message).toMatch(/line \d{4}: the rows so far take more than 20000000 bytes as a table, the most$/);
  });

  it.each([
    ['line ends of Windows', '{"a":1,"b":"x"}\r\n{"a":2,"b":"y"}\r\n'],
    ['no line end at the end', '{"a":1,"b":"x"}\n{"a":2,"b":"y"}'],
    ['empty lines and white space', '\n { "a" : 1 , "b" : "x" } \n\n\t{"b":"y","a":2}\n\n'],
    ['a byte-order mark', '\ufeff{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n'],
    ['escapes', '{"\\u0061":1,"b":"\\u0078"}\n{"a":2,"b":"y"}\n'],
  ])('with %s gives the very same part as CSV of the same rows', async (_, text) => {
    const [csv, json] = [await bench.ingest('a,b\n1,x\n2,y\n'), await bench.ingest(text, jsonl)];
    expect(json.part.ref.sha256).toBe(csv.part.ref.sha256);
  });
});
