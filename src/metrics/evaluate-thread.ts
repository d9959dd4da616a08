import { parentPort, workerData } from 'node:worker_threads';
import { evaluateModels, type EvaluateModelsInput } from './evaluate-models.js';

/** The thread of `evaluateInThread`: takes its input at the start, posts one result and ends. */
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
parentPort?.postMessage(evaluateModels(workerData as EvaluateModelsInput)); // as evaluateInThread sends it
