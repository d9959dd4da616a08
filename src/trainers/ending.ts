import type { Breach } from './job-watch.js';
import type { ProgramEnd } from './started-job.js';

/** How a job ended: its program by itself, or by us. */
export type Ending =
  ProgramEnd | { readonly kind: 'timeout' } | { readonly kind: 'aborted' } | ({ readonly kind: 'limit' } & Breach);
