/** What is registered: the workflows of Perennial. Users with a workflows file of their own re-export this module. */
export { modelLoop } from './model-loop.js';
export { trainingRun } from './training-run.js';
export { hyperparameterSearch } from './hyperparameter-search.js';
export { rollout } from './rollout.js';
export { backfill } from './backfill.js';
export { trainElsewhere } from './train-elsewhere.js';
export { retrainOnSchedule } from './retrain-on-schedule.js';

/** By this text the plugin recognises a bundle that holds our workflows. */
export const perennialWorkflows = 'perennial/workflow-marker';
