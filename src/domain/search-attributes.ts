/**
 * Names of Perennial's search attributes, all keywords: Temporal's SQL visibility allows ten of them in a namespace.
 */
export const SEARCH_ATTRIBUTES = {
  model: 'PerennialModel',
  /** The stage that a run is in: one of `STAGES`. */
  stage: 'PerennialStage',
  /** PROMOTE, HOLD, REJECT or FAILED. */
  verdict: 'PerennialVerdict',
  /** Why the run was asked for: schedule, manual, ... */
  trigger: 'PerennialTrigger',
} as const;
