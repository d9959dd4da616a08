import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The compiled program. */
export const MAIN = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Laid over a small environment without colours and without anything of ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments for Node itself. */
  readonly node?: readonly string[];
  /** The file that is started. Default: {@link MAIN}. */
  readonly main?: string;
}

/** Runs the compiled program as a person would, with pipes for its streams, and waits for its end. */
export function runCli(words: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { cwd, env, node = [], main = MAIN } = options;
  if (!existsSync(MAIN)) throw new Error('dist/ is missing: build it first with `npx tsc -p tsconfig.build.json`');
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...node, main, ...words], {
      ...(cwd === undefined ? {} : { cwd }),
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const [stdout, stderr] = [out, err].map((chunks) => Buffer.concat(chunks).toString('utf8'));
      resolve({ code, stdout: stdout ?? '', stderr: stderr ?? '', ms: performance.now() - start });
    });
  });
}
