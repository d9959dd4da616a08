import { homedir } from 'node:os';
import path from 'node:path';

/** The folder where programs that we installed are kept between runs: `PERENNIAL_CACHE`, else `~/.cache/perennial`. */
export function cacheFolder(): string {
  const named = process.env['PERENNIAL_CACHE'];
  return named === undefined || named === '' ? path.join(homedir(), '.cache', 'perennial') : path.resolve(named);
}
