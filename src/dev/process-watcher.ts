/**
 * Runs a program and ends it when our stdin closes, which it does when the process that holds the other end dies, in
 * whatever way. Used where the kernel cannot do this. Usage: `node process-watcher.js PROGRAM ARGS...`; the program's
 * process id is written to descriptor 3.
 */
import { spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';

const GRACE_MS = 5_000;
const [program = '', ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });

child.once('spawn', () => {
  writeSync(3, `${child.pid}\n`);
  closeSync(3);
});
child.once('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(127);
});
child.once('exit', (code) => process.exit(code ?? 1));

process.stdin.resume();
process.stdin.once('close', end);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);

function end(): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
}
