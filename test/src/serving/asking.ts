import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelServer } from '../../../src/serving/server.js';
import { binaryModel, type TestModel } from '../../support/onnx-models.js';

/** A model whose answer tells which one it is. */
export const numbered = (number: number): TestModel => binaryModel({ weights: { age: 0 }, bias: number / 10 });
export const probability = (number: number): number => 1 / (1 + Math.exp(-number / 10));

/** A request of one row. */
export const BODY = JSON.stringify({ inputs: [{ name: 'age', datatype: 'FP32', shape: [1, 1], data: [1] }] });

export interface Inferred {
  readonly status: number;
  readonly digest: string | undefined;
  readonly version: number | undefined;
  readonly probability: number | undefined;
}

export function infer(url: string, agent: Agent): Promise<Inferred> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/v2/models/churn/infer`, { method: 'POST', agent }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const body = JSON.parse(Buffer.concat(pieces).toString()) as {
          parameters?: { digest: string; version: number };
          outputs?: { name: string; data: number[] }[];
        };
        resolve({
          status: response.statusCode ?? 0,
          digest: body.parameters?.digest,
          version: body.parameters?.version,
          probability: body.outputs?.find(({ name }) => name === 'probabilities')?.data[1],
        });
      });
    });
    call.on('error', reject);
    call.end(BODY);
  });
}

/** Clients that ask again as soon as they are answered, until the controller is aborted; returns all answers. */
export function closedLoop(url: string, clients: number, signal: AbortSignal): Promise<Inferred[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const loop = async (): Promise<Inferred[]> => {
    const answers: Inferred[] = [];
    while (!signal.aborted) answers.push(await infer(url, agent));
    return answers;
  };
  const loops = Array.from({ length: clients }, loop);
  return Promise.all(loops).then((all) => {
    agent.destroy();
    return all.flat();
  });
}

export interface Metadata {
  readonly error?: string;
  readonly parameters?: { digest: string; version: number; problem?: string };
}

export async function metadata(server: ModelServer, model = 'churn'): Promise<Metadata> {
  return (await (await fetch(`${server.url}/v2/models/${model}`)).json()) as Metadata;
}

/** Asks again until the answer is as wanted. */
export async function until(
  wanted: (found: Metadata) => boolean,
  server: ModelServer,
  model?: string,
): Promise<Metadata> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    const found = await metadata(server, model);
    if (wanted(found)) return found;
    await delay(10);
  }
  throw new Error(`the server never answered as wanted: ${JSON.stringify(await metadata(server, model))}`);
}
