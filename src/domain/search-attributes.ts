/**
 * Names of Perennial's search attributes, all keywords: Temporal's SQL visibility allows ten of them in a namespace.
 */
export const SEARCH_ATTRIBUTES = {
  model: 'PerennialModel',
  /** Where a run is: `ingest` (until the data are ready), `train` (until it is judged), `done`, or the stage that failed. */
  stage: 'PerennialStage',
  /** PROMOTE, HOLD, REJECT or FAILED. */
  verdict: 'PerennialVerdict',
  /** Why the run was asked for: schedule, manual, ... */
  trigger: 'PerennialTrigger',
} as const;
