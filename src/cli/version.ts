import type { Command } from './command.js';
import { packageVersion, versionOf } from './package-version.js';

const LIBRARIES = ['@temporalio/client', '@temporalio/worker', '@duckdb/node-api', 'onnxruntime-node', 'minio'];

export const version: Command = {
  name: 'version',
  summary: 'Prints the versions of Perennial and of what it stands on.',
  examples: ['version', 'version --json'],
  async run({ answer }) {
    const libraries = Object.fromEntries(LIBRARIES.map((name) => [name, versionOf(name) ?? null]));
    const platform = `${process.platform}-${process.arch}`;
    const document = { version: packageVersion(), node: process.versions.node, platform, libraries };
    answer(document, () =>
      [
        `perennial ${document.version}`,
        `node ${document.node} (${platform})`,
        ...Object.entries(libraries).map(([name, found]) => `${name} ${found ?? 'not installed'}`),
      ].join('\n'),
    );
  },
};
