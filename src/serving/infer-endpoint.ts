import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkInputs } from '../inference/tensor.js';
import { writeInferAnswer } from './infer-answer.js';
import { parseInferRequest } from './infer-request.js';
import { readBody } from './read-body.js';
import { RequestProblem, toProblem } from './request-problem.js';
import type { ServingState } from './serving-state.js';

const INFER = /^\/v2\/models\/([^/?]*)(?:\/versions\/([^/?]*))?\/infer(?:\?|$)/;

/**
 * Answers `POST /v2/models/{model}[/versions/{version}]/infer` and says whether the request was one. It works on Node's
 * own request and response: this is the path that every prediction takes, the framework's cost about a tenth of it, and
 * a body that grows too large must be stopped while it comes in.
 */
export function answerInfer(state: ServingState, request: IncomingMessage, response: ServerResponse): boolean {
  const match = INFER.exec(request.url ?? '');
  if (!match) return false;
  const [, model = '', version] = match;
  infer(state, request, model, version).then(
    (body) => send(response, 200, body, state.signal.aborted ? { connection: 'close' } : {}),
    (error: unknown) => {
      const problem = toProblem(error);
      state.count(model, problem.status);
      if (problem.status === 500) state.log.error({ model, err: error }, 'could not answer a request');
      // What is left of a body that was not read would be taken for the next request.
      const unread = request.complete && !state.signal.aborted ? {} : { connection: 'close' };
      send(response, problem.status, problem.body, { ...problem.headers, ...unread, ...allowed(problem) });
      request.resume();
    },
  );
  return true;
}

async function infer(
  state: ServingState,
  request: IncomingMessage,
  model: string,
  version: string | undefined,
): Promise<string> {
  if (request.method !== 'POST') throw new RequestProblem(405, `Cannot infer by ${request.method}: want POST`);
  if (request.headers['inference-header-content-length'] !== undefined) {
    throw new RequestProblem(400, 'Cannot infer: found binary tensor data, this server takes JSON data');
  }
  const follower = state.follower(model);
  const body = await readBody(request, state.limits.maxBodyBytes);
  // From here to `run` nothing waits, so the model cannot be swapped away between choosing and using it.
  const served = version === undefined ? follower.champion() : await follower.version(version, state.signal);
  const { digest, trained, onnx } = served;
  const { id, inputs, outputs } = parseInferRequest(body, onnx.signature, state.limits);
  if (state.profiler) {
    // Before they are handed to the model's thread, and only what fits its inputs.
    checkInputs(onnx.signature.inputs, inputs);
    state.profiler.asked(model, { digest, inputs: onnx.signature.inputs, trained }, inputs);
  }
  const results = await onnx.run(inputs, outputs).catch((error: unknown) => {
    if (onnx.usable) throw error;
    throw new RequestProblem(503, `Model "${model}" cannot answer: its thread has ended, it is being loaded again`);
  });
  state.count(model, 200);
  return writeInferAnswer({ model, version: served.version, digest, id, outputs: results });
}

function allowed(problem: RequestProblem): Record<string, string> {
  return problem.status === 405 ? { allow: 'POST' } : {};
}

function send(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
  response.end(bytes);
}
