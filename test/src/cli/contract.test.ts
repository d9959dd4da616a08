import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contract as group } from '../../../src/cli/contract.js';
import { sampleWeek } from '../../../src/cli/init-sample.js';
import { readContractFile } from '../../../src/contracts/contract-file.js';
import { ODCS_YAML } from '../contracts/odcs-example.js';
import { runCli } from './run-cli.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'perennial-contract-'));
  await put('orders.csv', sampleWeek(0));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(Object.keys(group.commands))('command contract %s', (name) => {
  test('bears the name that it is listed by, and its help opens with a sentence and an example', async () => {
    expect((await group.commands[name]?.())?.name).toBe(name);
    const { code, stdout, stderr } = await runCli(['contract', name, '--help']);
    const [sentence, blank, examples, example] = stdout.split('\n');
    expect(sentence).toMatch(/^[A-Z].{20,140}$/);
    expect([blank, examples]).toStrictEqual(['', 'Examples:']);
    expect(example).toMatch(new RegExp(`^ {2}perennial contract ${name} `));
    expect(stdout).toContain(`Usage: perennial contract ${name}`);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
  });

  test('an unknown option is wrong use, with the nearest one and the right help named', async () => {
    const { code, stdout, stderr } = await runCli(['contract', name, 'a', 'b', '--jsn']);
    expect({ code, stdout }).toStrictEqual({ code: 2, stdout: '' });
    expect(stderr).toContain("unknown option '--jsn' (Did you mean --json?)");
    expect(stderr).toContain(`fix: See: perennial contract ${name} --help`);
  });
});

test.each([
  [['contract'], 'found no command after it, want one of infer, check, diff, import, export'],
  [
    ['contract', 'infr'],
    'unknown command \'infr\', want one of infer, check, diff, import, export; did you mean "infer"?',
  ],
])('%j is wrong use', async (words, message) => {
  const { code, stderr } = await runCli(words);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toContain('fix: See: perennial contract --help');
});

test('a contract inferred from a file is valid, and the file keeps it', async () => {
  const inferred = await runCli(['contract', 'infer', 'orders.csv', '-o', 'made/contract.odcs.yaml'], { cwd: folder });
  expect(inferred).toMatchObject({ code: 0, stderr: '', stdout: 'wrote  made/contract.odcs.yaml\n' });
  const file = path.join(folder, 'made/contract.odcs.yaml');
  expect(await readContractFile(file, file)).toMatchObject({ document: { id: 'orders', status: 'draft' } });
  const text = await readFile(file, 'utf8');
  expect(text).toContain('mustBe: 0 # only 3 values in 600 rows');
  const checked = await runCli(['contract', 'check', file, 'orders.csv'], { cwd: folder });
  expect(checked).toMatchObject({ code: 0, stdout: 'keeps   orders.csv  600 rows\n' });
  const again = await runCli(['contract', 'infer', 'orders.csv', '-o', file], { cwd: folder });
  expect(again.code).toBe(2);
  expect(again.stderr).toContain('it is there already and is never overwritten');
  expect(await readFile(file, 'utf8')).toBe(text);
});

test('a file that breaks its contract is named with rules and rows, and ends with 4', async () => {
  await runCli(['contract', 'infer', 'orders.csv', '-o', 'strict.yaml'], { cwd: folder });
  await put('bad.csv', sampleWeek(0).replaceAll(',web,', ',fax,'));
  const { code, stdout } = await runCli(['contract', 'check', 'strict.yaml', 'orders.csv', 'bad.csv'], { cwd: folder });
  expect(code).toBe(4);
  expect(stdout).toContain('keeps   orders.csv  600 rows\nbreaks  bad.csv  600 rows\n');
  expect(stdout).toMatch(/^ {2}block {7}channel\/invalidValues {2}column "channel": found "fax"/m);
  const { code: same, stdout: json } = await runCli(['contract', 'check', 'strict.yaml', 'bad.csv', '--json'], {
    cwd: folder,
  });
  expect(same).toBe(4);
  expect(JSON.parse(json)).toMatchObject({
    schemaVersion: 1,
    keeps: false,
    files: [{ file: 'bad.csv', rows: 600, findings: [{ check: 'channel/invalidValues', severity: 'block' }] }],
  });
});

test('every kind of rule is checked as a run would', async () => {
  const [head = ''] = ODCS_YAML.split('- name: Web_Orders');
  const rules = `${head}- name: Shop_Orders
    quality:
      - { id: literal, type: sql, query: select count(*) from shop_orders where price > 400, mustBe: 0 }
      - { id: pairs, metric: duplicateValues, arguments: { properties: [country, channel] }, mustBeLessThan: 5 }
    properties:
      - name: order_time
        logicalType: timestamp
        logicalTypeOptions: { exclusiveMaximum: '2026-01-06' }
      - name: country
        logicalType: string
        logicalTypeOptions: { pattern: '^D|T$' }
      - { name: channel, logicalType: string }
      - name: price
        logicalType: number
        quality:
          - { id: mean, type: sql, query: 'SELECT avg({property}) FROM {object};', mustBeLessThan: 50 }
          - { id: dear, type: custom, engine: perennial, unit: percent, severity: warn,
              implementation: { metric: invalidValues, arguments: { maximum: 100 }, mustBeLessThan: 1 } }
          - { id: many, type: custom, engine: perennial, implementation: { metric: distinctValues, mustBeLessThan: 9 } }
      - name: returned
        logicalType: boolean
        quality: [{ metric: missingValues, mustBe: 0 }]
`;
  await put('rules.yaml', rules);
  const { code, stdout } = await runCli(['contract', 'check', 'rules.yaml', 'orders.csv', '--json'], { cwd: folder });
  expect(code).toBe(4);
  const { files } = JSON.parse(stdout) as { files: { findings: { check: string; severity: string }[] }[] };
  expect(files[0]?.findings.map(({ check, severity }) => `${check} ${severity}`)).toStrictEqual([
    'literal block',
    'pairs block',
    'order_time/exclusiveMax block',
    'country/pattern block',
    'price/mean block',
    'price/dear warn',
    'price/many block',
  ]);
});

test('what only warns is told, and the file keeps its contract', async () => {
  const warns = ODCS_YAML.replaceAll(
    /- name: Web_Orders[\s\S]*/g,
    `- name: orders
    quality: [{ metric: rowCount, mustBeGreaterThan: 9000, severity: info }, { type: text, description: Good data }]
    properties: [{ name: order_time, logicalType: timestamp }]
slaProperties: [{ property: latency, value: 1, unit: h, element: order_time }]
`,
  );
  await put('warns.yaml', warns);
  const { code, stdout, stderr } = await runCli(['contract', 'check', 'warns.yaml', 'orders.csv'], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout).toContain('warns   orders.csv  600 rows\n');
  expect(stdout).toContain('  warn        rowCount');
  expect(stdout).toContain('  warn        order_time/freshness');
  expect(stderr).toContain('note: warns.yaml: a rule in words is not checked: "Good data" (schema[0].quality[1])');
});

test('a contract that is none is refused with its places', async () => {
  await put('wrong.yaml', ODCS_YAML.replace('status: active', 'stats: active'));
  const { code, stderr } = await runCli(['contract', 'check', 'wrong.yaml', 'orders.csv'], { cwd: folder });
  expect(code).toBe(4);
  expect(stderr).toMatch(/^wrong\.yaml:5:1 {2}stats {2}found the unknown key "stats"; did you mean "status"\?$/m);
});

test.each([
  [['infer', 'nope.csv'], 'Cannot read "nope.csv": found no such file'],
  [['infer', 'orders.csv', '--format', 'xls'], 'want csv, tsv, jsonl or parquet'],
  [['check', 'nope.yaml', 'orders.csv'], 'Cannot read contract "nope.yaml": found no such file'],
  [
    ['check', 'one.yaml', 'orders.csv', '--table', 'Web_Order'],
    'found no table "Web_Order", want one of Web_Orders; did you mean "Web_Orders"?',
  ],
  [['diff', 'one.yaml', 'one.yaml', '--for', 'all'], 'want consumers, producers, anyone or nobody'],
  [['export', 'one.yaml', '--table', 'x'], 'found no table "x", want one of Web_Orders'],
  [['import', 'orders.csv'], 'Cannot import "orders.csv": found no Table Schema'],
])('contract %j is wrong use', async (words, message) => {
  await put('one.yaml', ODCS_YAML);
  const { code, stderr } = await runCli(['contract', ...words], { cwd: folder });
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test('diff says what breaks whom, and its exit code is for whom it was asked', async () => {
  await put('old.yaml', ODCS_YAML);
  await put(
    'new.yaml',
    ODCS_YAML.replace("'2020-01-01'", "'2021-01-01'").replace('[web, app, null]', '[web, app, shop]'),
  );
  const both = await runCli(['contract', 'diff', 'old.yaml', 'new.yaml'], { cwd: folder });
  expect(both.stdout).toBe(
    [
      'breaks  Web_Orders  rule channel/invalidValues: every value one of web, app -> every value one of web, app, shop (for consumers)',
      'breaks  Web_Orders  rule at/min: every value at least 2020-01-01 -> every value at least 2021-01-01 (for producers)',
      '',
      'breaks producers and consumers: a new major version',
      '',
    ].join('\n'),
  );
  expect(both.code).toBe(4);
  const codeFor = async (who: string) =>
    (await runCli(['contract', 'diff', 'old.yaml', 'new.yaml', '--for', who], { cwd: folder })).code;
  expect(await codeFor('nobody')).toBe(0);
  expect(await codeFor('producers')).toBe(4);
  const same = await runCli(['contract', 'diff', 'old.yaml', 'old.yaml', '--json'], { cwd: folder });
  expect(JSON.parse(same.stdout)).toMatchObject({ schemaVersion: 1, changes: [], advice: 'none' });
  expect(same.code).toBe(0);
});

test('a Table Schema is exported and imported, and what is lost is told on stderr', async () => {
  await put('shop.yaml', ODCS_YAML);
  const exported = await runCli(['contract', 'export', 'shop.yaml', '-o', 'shop.schema.json'], { cwd: folder });
  expect(exported.stderr).toContain('lost: column "price": the option multipleOf\n');
  const imported = await runCli(['contract', 'import', 'shop.schema.json', '--table', 'shop', '-o', 'back.yaml'], {
    cwd: folder,
  });
  expect(imported).toMatchObject({ code: 0, stderr: '' });
  const diff = await runCli(['contract', 'diff', 'back.yaml', 'back.yaml'], { cwd: folder });
  expect(diff.stdout).toContain('the version can stay');
});

test('every resource of a Data Package with a schema becomes a table', async () => {
  const schema = { fields: [{ name: 'a', type: 'integer' }] };
  await put(
    'datapackage.json',
    JSON.stringify({ name: 'p', resources: [{ name: 'x', schema }, { name: 'y', schema }, { name: 'z' }] }),
  );
  const { stdout } = await runCli(['contract', 'import', 'datapackage.json', '--json'], { cwd: folder });
  expect(JSON.parse(stdout)).toMatchObject({ losses: [], contract: { schema: [{ name: 'x' }, { name: 'y' }] } });
});

test('validate says what the contract has, and what of it is not checked', async () => {
  await put('contract.odcs.yaml', ODCS_YAML);
  const spec = {
    name: 'shop',
    objective: { statement: 'Say what comes back.' },
    owners: { data: 'a', model: 'b', business: 'c' },
    sources: { 'web-orders': { kind: 'file', path: '.' } },
    contract: 'contract.odcs.yaml',
    task: { kind: 'binary', label: 'returned', features: ['price'], eventTime: 'at' },
    split: { by: 'time' },
  };
  await put('shop.spec.yaml', JSON.stringify(spec));
  const { code, stdout, stderr } = await runCli(['validate', 'shop.spec.yaml'], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout).toContain('contract  contract.odcs.yaml: 6 columns in web-orders, 19 checks');
  expect(stderr).toContain('note: contract.odcs.yaml: of service levels only latency is checked (slaProperties[1])');
  await put('pair.spec.yaml', JSON.stringify({ ...spec, task: { ...spec.task, features: ['order_id'] } }, null, 1));
  const refused = await runCli(['validate', 'pair.spec.yaml'], { cwd: folder });
  expect(refused.code).toBe(4);
  expect(refused.stderr).toMatch(
    /^pair\.spec\.yaml:\d+:\d+ {2}task\.features\[0\] {2}found a column with the role id/m,
  );
});

async function put(name: string, text: string): Promise<void> {
  await writeFile(path.join(folder, name), text);
}
