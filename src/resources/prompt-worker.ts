import { hostname } from 'node:os';

/** How often such a worker tells Temporal that it is alive. */
export const PROMPT_HEARTBEAT_MS = 1000;
const MARK = '/perennial-worker';

/**
 * The name by which Temporal knows a worker process that sends a heartbeat each second. Who judges whether it is still
 * there needs to know that before the first heartbeat has come.
 */
export function promptIdentity(): string {
  return `${process.pid}@${hostname()}${MARK}`;
}

/** Whether a worker of this name sends a heartbeat each second. */
export function isPrompt(identity: string): boolean {
  return identity.endsWith(MARK);
}
