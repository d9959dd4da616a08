import { access } from 'node:fs/promises';

/** Looks again and again until it is so; fails after a minute. */
export async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`Waited a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
