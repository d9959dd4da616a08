import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workbench, type IngestOptions, type Workbench } from '../src/data/data-job.js';
import { refusal } from './refusal.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.close());

/** Rows down to beyond the sample that types are taken from. */
const many = Array.from({ length: 30_000 }, (_, row) => `${row},x\n`).join('');
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const names = (count: number) => Array.from({ length: count }, (_, n) => `c${n}`).join(',');

type Refused = [what: string, bytes: string | Uint8Array, message: RegExp, line?: number];

describe('CSV', () => {
  it.each<Refused>([
    ['an empty file', '', /the file is empty/],
    ['a byte-order mark and nothing else', '\ufeff', /the file is empty/],
    ['nothing but white space', '\n \n\n', /nothing but white space/],
    ['a header without rows', 'a,b\n', /columns but no rows/],
    ['a header without a line end', 'a,b', /columns but no rows/],
  ])('with %s is refused as empty', async (_, bytes, message) => {
    expect(await refusal(bench, bytes)).toMatchObject({
      code: 'DATA.EMPTY',
      message: expect.stringMatching(message) as string,
    });
  });

  it.each<Refused>([
    ['a quote that never closes', 'a,b\n1,x\n2,"abc\n3,z\n', /line 3: a quote never closes/, 3],
    ['a quote inside of a value in quotes', 'a,b\n1,x\n2,"ab"c"\n3,z\n', /line 3: a quote never closes/, 3],
    ['a second value in quotes behind the first', 'a,b\n1,x\n"" "x",y\n', /line 3: a quote never closes/, 3],
    ['text behind a quote', 'a,b\n1,x\n"2"3,y\n', /line 3: a quote never closes/, 3],
    ['a quote in the header that never closes', '"a,b\n1,2\n', /first line never closes/, 1],
    ['quotes inside of a name', 'a,b""\n1,2\n', /a quote stands inside of the name of column 2/, 1],
    ['a row with too few fields', 'a,b\n1,x\n2\n3,z\n', /line 3: found 1 fields, want 2/, 3],
    ['a row with too many fields', 'a,b\n1,x\n2,y,z\n3,z\n', /line 3: found 3 fields, want 2/, 3],
    ['a row with too few fields far down', `a,b\n${many}7\n`, /line 30002: found 1 fields, want 2/, 30_002],
    ['bytes that are not UTF-8', latin1('a,b\n1,x\n2,\xff\xfe\n'), /line 3: it has bytes that are not UTF-8/, 3],
    ['a header that is not UTF-8', latin1('a,\xff\n1,x\n'), /first line has bytes that are not UTF-8/, 1],
    ['a NUL byte', 'a,b\n1,x\n2,y\0z\n', /line 3: it has a NUL byte/, 3],
    ['a NUL byte in a header', 'a,b\0\n1,x\n', /characters that cannot be seen/, 1],
    ['UTF-16 text', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), /as CSV: it is UTF-16 text/],
    ['an empty first line', '\na,b\n1,2\n', /first line is empty/, 1],
    ['mixed line ends', 'a,b\r\n1,2\r\n3,4\n5,6\n', /line 3: line ends are mixed: CR LF before, LF here/, 3],
    ['a line end of another kind', 'a,b\n1,2\n3,4\r\n5,6\n', /line 3: line ends are mixed: LF before, CR LF here/, 3],
    [
      'a line end in the middle of a line',
      'a,b\r\n1,\r 2\r\n',
      /line 2: line ends are mixed: CR LF before, CR here/,
      2,
    ],
    ['a Parquet file in it', Buffer.from('PAR1xxxxxxxxPAR1'), /as CSV: it is a Parquet file/],
    ['a bzip2 file in it', latin1('BZh91AY&SY\x00\x00'), /as CSV: it is packed with bzip2/],
    ['a zip file in it', latin1('PK\x03\x04\x14\x00'), /as CSV: it is packed with zip/],
  ])('with %s is refused', async (_, bytes, message, line) => {
    const error = await refusal(bench, bytes);
    expect(error).toMatchObject({ code: 'DATA.UNREADABLE', message: expect.stringMatching(message) as string });
    if (line !== undefined) expect(error.details).toMatchObject({ line });
  });

  it.each<Refused>([
    ['a name twice', 'a,b,a\n1,2,3\n', /columns 1 and 3 have the same name, "a"/],
    ['names that differ in case only', 'Id,id\n1,2\n', /"Id" and "id", which SQL cannot tell apart/],
    ['names that differ in outer space only', 'a,a \n1,2\n', /cannot tell apart/],
    ['names that are equal in Unicode', '\u00e9,e\u0301\n1,2\n', /cannot tell apart/],
    ['a column without a name', 'a,,c\n1,2,3\n', /column 2 has no name/],
    ['a column named __proto__', 'a,__proto__\n1,2\n', /"__proto__", which is not safe/],
    ['a name that turns the text around', 'a,b\u202etxt\n1,2\n', /"b\\u202etxt", has characters that cannot be seen/],
    ['a name of 201 characters', `a,${'b'.repeat(201)}\n1,2\n`, /column 2 has 201 characters/],
    ['20,000 columns', `${names(20_000)}\n`, /20000 columns, the most is 10000/],
  ])('with %s is refused at its header', async (_, bytes, message) => {
    const error = await refusal(bench, bytes);
    expect(error).toMatchObject({ code: 'DATA.UNREADABLE', details: { line: 1 } });
    expect(error.message).toMatch(message);
  });

  it('with names that mean something to JavaScript is read, and pollutes nothing', async () => {
    const { part } = await bench.ingest('constructor,toString,hasOwnProperty\n1,2,3\n');
    expect(part.columns.map(({ name }) => name)).toEqual(['constructor', 'toString', 'hasOwnProperty']);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it.each([
    ['line ends of Windows', 'a,b\r\n1,x\r\n2,y\r\n'],
    ['line ends of old Macs', 'a,b\r1,x\r2,y\r'],
    ['no line end at the end', 'a,b\n1,x\n2,y'],
    ['empty lines', 'a,b\n\n1,x\n\n2,y\n\n'],
    ['a byte-order mark', '\ufeffa,b\n1,x\n2,y\n'],
    ['quotes around everything', '"a","b"\n"1","x"\n"2","y"\n'],
    ['spaces around quotes', 'a,b\n1, "x" \n2,"y"\n'],
  ])('with %s gives the very same part as without', async (_, text) => {
    const [plain, other] = [await bench.ingest('a,b\n1,x\n2,y\n'), await bench.ingest(text)];
    expect(other.part.ref.sha256).toBe(plain.part.ref.sha256);
  });

  it('keeps cells that a spreadsheet would run, as they are', async () => {
    const cells = ['=1+2', '+3', '-x', '@SUM(A1)', '\tx', "=cmd|' /C calc'!A0", '"', '#', '//', '\\N', 'NULL'];
    const text = cells.map((cell) => `"${cell.replaceAll('"', '""')}",1\n`).join('');
    const { file } = await bench.ingest(`cell,n\n${text}`);
    expect((await bench.query(`SELECT cell FROM '${file}'`)).flat()).toEqual(cells);
  });
});

describe('TSV', () => {
  const tsv = { id: 'inbox/data.tsv' } as const;

  it('takes tabs only, whatever else stands more often in the first line', async () => {
    const { file, part } = await bench.ingest('a,b;c|d,e\tf\n1,2\t"x\ty"\n', tsv);
    expect(part.columns.map(({ name }) => name)).toEqual(['a,b;c|d,e', 'f']);
    expect(await bench.query(`SELECT * FROM '${file}'`)).toEqual([['1,2', 'x\ty']]);
  });

  it.each<[string, string, RegExp, IngestOptions?]>([
    ['a row with too few fields', 'a\tb\n1\n', /line 2: found 1 fields, want 2/],
    ['a name twice', 'a\ta\n1\t2\n', /columns 1 and 2 have the same name/],
    ['text where a number is declared', 'a\tb\n1\tx\nfew\ty\n', /line 3, column "a"/, { types: { a: 'integer' } }],
  ])('with %s is refused', async (_, bytes, message, options) => {
    const error = await refusal(bench, bytes, { ...tsv, ...options });
    expect(error).toMatchObject({ code: 'DATA.UNREADABLE', message: expect.stringMatching(message) as string });
  });
});
