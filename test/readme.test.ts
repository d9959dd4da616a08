import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/commands.js';

const root = new URL('../', import.meta.url);
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/demo.md',
  'docs/tasks.md',
  'docs/trainers.md',
  'docs/remote-training.md',
  'python/README.md',
];
const text = async (name: string) => await readFile(new URL(name, root), 'utf8');

/** What the examples take for given. */
const GIVEN = `
import type { Client as TemporalClient } from '@temporalio/client';
declare const client: TemporalClient;
declare const workflowsPath: string;
declare const activities: object;
`;

describe('the documents', () => {
  it.each(documents)('%s links to what is there', async (name) => {
    const links = [...(await text(name)).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link!);
    const gone = links.filter((link) => !existsSync(new URL(link, new URL(name, root))));
    expect(gone).toEqual([]);
  });

  it.each(documents)('%s names commands and scripts that exist', async (name) => {
    const content = await text(name);
    const { scripts } = JSON.parse(await text('package.json')) as { scripts: Record<string, string> };
    const commands = [...content.matchAll(/(?:npx perennial|`perennial) ([a-z]+)/g)].map(([, command]) => command!);
    const named = [...content.matchAll(/npm run ([a-z]+)/g)].map(([, script]) => script!);
    expect(commands.filter((command) => !Object.hasOwn(COMMANDS, command))).toEqual([]);
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  });

  it('README.md shows TypeScript that compiles against the package', async () => {
    const examples = [...(await text('README.md')).matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
    expect(examples.length).toBeGreaterThan(0);
    expect(problemsOf(GIVEN + examples.join('\n'))).toEqual([]);
  }, 120_000);
});

function problemsOf(code: string): string[] {
  const file = fileURLToPath(new URL('test/readme-examples.ts', root));
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(
      ts.readConfigFile(fileURLToPath(new URL('tsconfig.json', root)), (path) => ts.sys.readFile(path)).config,
      ts.sys,
      fileURLToPath(root),
    ).options,
    paths: { perennial: ['./src/index.ts'], 'perennial/client': ['./src/client.ts'] },
  };
  const host = ts.createCompilerHost(options);
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.ES2022);
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (path, ...rest) => (path === file ? source : getSourceFile(path, ...rest));
  const program = ts.createProgram([file], options, host);
  return ts
    .getPreEmitDiagnostics(program, source)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
