import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** The PATH of a machine whose kernel lets nobody make a namespace, as it is in most containers. */
export async function pathWithoutNamespaces(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  return `${folder}${path.delimiter}${process.env['PATH']}`;
}

/** A command line that runs as the given one does where the kernel lets nobody make a PID namespace, however it is asked. */
export async function withoutNamespaces(command: readonly string[]): Promise<readonly string[]> {
  const inUserNamespace = ['--user', '--map-root-user', 'sh', '-c', `${FORBID} && exec "$@"`, 'sh'];
  // Who may not even make one of users is on such a machine.
  const may = await promisify(execFile)('unshare', [...inUserNamespace, 'true']).then(
    () => true,
    () => false,
  );
  return may ? ['unshare', ...inUserNamespace, ...command] : command;
}

const FORBID = 'echo 0 > /proc/sys/user/max_pid_namespaces';
