import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startGuarded } from '../../../src/dev/guarded-process.js';
import { markOf, processAlive } from '../../../src/dev/process-alive.js';
import { moduleUrl } from '../../../src/module-url.js';
import { untilGone } from './stand-ins.js';

const GUARDS = process.platform === 'linux' ? (['signal', 'watcher'] as const) : (['watcher'] as const);

describe.each(GUARDS)('a process guarded by the %s', (guard) => {
  it('tells its own id and its output, and is gone after stop', async () => {
    const child = await startGuarded('sh', ['-c', 'echo "I am $$"; exec sleep 60'], { guard });
    while (child.tail() === '') await new Promise((resolve) => setTimeout(resolve, 5));
    expect(child.tail()).toBe(`I am ${child.pid}`);
    expect(child.hasEnded()).toBe(false);
    await child.stop();
    expect(processAlive(markOf(child.pid))).toBe(false);
    expect(child.hasEnded()).toBe(true);
    await child.stop();
  });

  it('that ignores the request to end is killed after five seconds', async () => {
    const child = await startGuarded('sh', ['-c', 'trap "" TERM; echo ready; while true; do sleep 0.1; done'], {
      guard,
    });
    while (child.tail() === '') await new Promise((resolve) => setTimeout(resolve, 5));
    const began = Date.now();
    await child.stop();
    expect(Date.now() - began).toBeGreaterThan(4_500);
    expect(processAlive(markOf(child.pid))).toBe(false);
  });

  it('ends when the process that started it is killed with -9', async () => {
    const module = fileURLToPath(
      moduleUrl(new URL('../../../src/dev/any.ts', import.meta.url).href, './guarded-process.js'),
    );
    const code = `
      const { startGuarded } = await import(${JSON.stringify(module)});
      const child = await startGuarded('sleep', ['60'], { guard: '${guard}' });
      process.stdout.write(String(child.pid));
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(text);
    expect(processAlive(markOf(pid))).toBe(true);
    parent.kill('SIGKILL');
    await untilGone(pid);
  });
});

it('a guarded program that does not exist has ended at once and says why', async () => {
  const child = await startGuarded('/no/such/program', []).catch((error: unknown) => error as Error);
  if (child instanceof Error) expect(child.message).toContain('/no/such/program');
  else {
    await child.ended;
    expect(child.tail()).toContain('/no/such/program');
    await child.stop();
  }
});
