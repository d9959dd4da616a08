import picocolors from 'picocolors';
import type { Colors } from 'picocolors/types.js';

export interface ColourFacts {
  readonly isTty: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** False with `--no-color`. */
  readonly wanted: boolean;
}

/**
 * Colours for one stream. Off with `--no-color`, then with NO_COLOR (unless empty); on with FORCE_COLOR (unless empty, 0 or
 * false); else on for a terminal that is not TERM=dumb.
 */
export function coloursFor({ isTty, env, wanted }: ColourFacts): Colors {
  return picocolors.createColors(wanted && !env['NO_COLOR'] && (isForced(env['FORCE_COLOR']) ?? isScreen(isTty, env)));
}

function isForced(value: string | undefined): boolean | undefined {
  if (value === undefined || value === '') return undefined;
  return value !== '0' && value !== 'false';
}

function isScreen(isTty: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  return isTty && env['TERM'] !== 'dumb';
}
