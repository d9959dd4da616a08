import { PerennialError } from '../errors.js';
import type { ArtifactStore } from '../stores/store.js';
import type { Check } from './doctor.js';

/** Can the store be used, and does it keep its promises (create-if-absent with one winner, bytes that come back)? */
export async function checkStore(open: () => ArtifactStore | Promise<ArtifactStore>): Promise<Check> {
  const name = 'store';
  let store: ArtifactStore | undefined;
  try {
    store = await open();
    await store.probe();
    return { name, status: 'pass', found: `${store.name} answers and creates an object exactly once` };
  } catch (error) {
    const fix = error instanceof PerennialError ? error.fix : undefined;
    const found = error instanceof Error ? error.message : String(error);
    return { name, status: 'fail', found, fix: fix ?? 'start the store: perennial dev, or docker compose up' };
  } finally {
    await store?.close();
  }
}

/** S3 servers refuse requests signed with a clock that is 15 minutes off. */
const REFUSED_MS = 15 * 60_000;
const NOTABLE_MS = 30_000;
const PATIENCE_MS = 5_000;

/** Does the store's clock agree with ours? Any HTTP answer tells the server's time. */
export async function checkClock(storeUrl: string, now: () => number = Date.now): Promise<Check> {
  const name = 'clock';
  const fix = 'set both clocks by NTP: timedatectl set-ntp true';
  try {
    const answer = await fetch(storeUrl, { method: 'HEAD', signal: AbortSignal.timeout(PATIENCE_MS) });
    const theirs = Date.parse(answer.headers.get('date') ?? '');
    if (Number.isNaN(theirs)) return { name, status: 'warn', found: `${storeUrl} does not tell its time`, fix };
    const skewMs = Math.abs(now() - theirs);
    const found = `the store's clock is ${Math.round(skewMs / 1000)} s from ours`;
    if (skewMs < NOTABLE_MS) return { name, status: 'pass', found };
    return { name, status: skewMs < REFUSED_MS ? 'warn' : 'fail', found, fix };
  } catch {
    return { name, status: 'warn', found: `not checked: ${storeUrl} does not answer`, fix: 'see the check "store"' };
  }
}
