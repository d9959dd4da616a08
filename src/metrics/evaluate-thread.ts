import { parentPort, workerData } from 'node:worker_threads';
import { evaluateModels, type EvaluateModelsInput } from './evaluate-models.js';

/** The thread of `evaluateInThread`: takes its input at the start, posts one result and ends. */
parentPort?.postMessage(evaluateModels(workerData as EvaluateModelsInput)); // as evaluateInThread sends it
