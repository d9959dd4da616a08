import { fileURLToPath } from 'node:url';
import { startGuarded, type GuardedProcess } from '../dev/guarded-process.js';
import { SetupMissingError } from '../errors.js';
import { moduleUrl } from '../module-url.js';
import type { StoreConfig } from '../stores/index.js';
import type { Stack } from '../dev/stack.js';

/** A `perennial ...` command that runs beside us, as somebody would start it. */
export interface PerennialChild extends GuardedProcess {
  /** Never settles while the child runs; rejects when it ends though nobody asked it to. */
  readonly failed: Promise<never>;
  /** Kills it with -9, as a machine that dies would, and returns when it is gone. */
  kill(): Promise<void>;
}

/** Starts a command of this very program on a stack; it ends with us. */
export async function startPerennial(words: readonly [string, ...string[]], stack: Stack): Promise<PerennialChild> {
  const program = fileURLToPath(moduleUrl(import.meta.url, '../cli/main.js'));
  const child = await startGuarded(process.execPath, [program, ...words], { env: environment(stack) });
  let expected = false;
  const failed = child.ended.then(() => {
    if (expected) return new Promise<never>(() => {});
    throw endedError(words, child.tail());
  });
  // Who does not wait for it has ended already.
  failed.catch(() => {});
  return {
    ...child,
    failed,
    stop: async () => {
      expected = true;
      await child.stop();
    },
    kill: async () => {
      expected = true;
      process.kill(child.pid, 'SIGKILL');
      await child.ended;
      await child.stop();
    },
  };
}

/** A command of ours that fails says so in its last words; whoever is killed from outside has no time for them. */
function endedError(words: readonly string[], tail: string): SetupMissingError {
  const said = withoutWarnings(tail);
  const how = /^error\b/m.test(said) ? 'failed' : 'ended without an error of its own, as a process that is killed does';
  return new SetupMissingError(`Cannot go on without "perennial ${words.join(' ')}": it ${how}`, {
    fix: 'Start the demo again; with PERENNIAL_DEBUG=1 it says more. Short of memory, give it more or end other programs.',
    ...(said !== '' && { cause: new Error(said) }),
  });
}

/** Node's warnings are about the program, never the reason why it ended. */
export function withoutWarnings(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\(node:\d+\) |^\(Use `node --trace-/.test(line))
    .join('\n')
    .trim();
}

/** What tells a command where everything is; credentials go this way only. */
function environment({ temporal, store, python }: Stack): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    PERENNIAL_PYTHON: python,
    PERENNIAL_STORE: storeAddress(store),
    ...(store.kind === 'minio' && {
      PERENNIAL_S3_ENDPOINT: store.endpoint,
      PERENNIAL_S3_ACCESS_KEY: store.accessKey,
      PERENNIAL_S3_SECRET_KEY: store.secretKey,
    }),
  };
}

function storeAddress(store: StoreConfig): string {
  return store.kind === 'folder' ? `folder:${store.path}` : `${store.endpoint}/${store.bucket}`;
}
