/** What people import from `perennial`: the worker side. `perennial/client` asks and inspects, `perennial/workflows` decides. */
export { PerennialPlugin, type PerennialPluginOptions } from './plugin.js';
export type { WorkerResources } from './resources/declared.js';
export { createWorker, workerDeps, type CreateWorkerOptions, type WorkerDepsOptions } from './worker.js';
export type { ActivityDeps } from '../activities/index.js';
export { openStore, storeFromEnvironment } from './stores/index.js';
export type { ArtifactStore, Body, FileBody, CallOptions, ListedObject } from './stores/store.js';
export type { Source, SourceCallOptions } from './sources/source.js';
export type { Trainer, TrainerCallbacks, TrainingJob, TrainingOutput, TrainingProgress } from './trainers/trainer.js';
export { defineModel } from './define-model.js';
export { readSpecFile, type ReadSpec } from './spec/file.js';
export type { ModelSpec, ModelSpecInput, StoredSpec } from './spec/spec.js';
export { PerennialError, type ErrorFacts, type Next } from './errors.js';
