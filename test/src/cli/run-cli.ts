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

/** A program that runs. */
export interface RunningCli {
  readonly pid: number;
  /** What it has written so far. */
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<CliResult>;
  /** Resolves when stdout or stderr holds the text; rejects when the program ends without it. */
  saying(text: string): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

/** Runs the compiled program as a person would, with pipes for its streams, and waits for its end. */
export function runCli(words: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(words, options).ended;
}

/** Starts the compiled program. */
export function startCli(words: readonly string[], options: CliOptions = {}): RunningCli {
  const { cwd, env, node = [], main = MAIN } = options;
  if (!existsSync(MAIN)) throw new Error('dist/ is missing: build it first with `npx tsc -p tsconfig.build.json`');
  const start = performance.now();
  const child = spawn(process.execPath, [...node, main, ...words], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output, ms: performance.now() - start }));
  });
  return {
    pid: child.pid ?? 0,
    output,
    ended,
    saying: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!`${output.stdout}${output.stderr}`.includes(text)) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        ended.then(({ code }) => reject(new Error(`ended with ${code}: ${output.stderr}`)), reject);
      }),
    signal: (name) => child.kill(name),
  };
}

/** A small environment: no colours, nothing that names a Temporal or a store, but the tools that tests were given. */
function inherited(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) =>
    /^(PATH|HOME|TMPDIR|PERENNIAL_(\w+_BIN|PYTHON|CACHE.*))$/.test(name),
  );
  return Object.fromEntries(kept);
}
