import { ServiceUnreachableError } from '../errors.js';
import type { TensorSpec } from '../domain/model.js';
import type { AskedWeek } from './next-week.js';

/** What a model server answered about a whole week. */
export interface ServedWeek {
  /** Probability of true, a row each. */
  readonly scores: Float64Array;
  /** The versions that answered, as the server named them. */
  readonly versions: readonly string[];
  readonly requests: number;
}

const ROWS_A_REQUEST = 4096;
const REQUESTS_IN_FLIGHT = 2;

/**
 * Asks a model server about every row of a week over the Open Inference Protocol, some thousands a request.
 * @throws {ServiceUnreachableError} when it answers anything but 200.
 */
export async function askServer(
  url: string,
  model: string,
  inputs: readonly TensorSpec[],
  week: AskedWeek,
): Promise<ServedWeek> {
  const scores = new Float64Array(week.rows);
  const versions = new Set<string>();
  const starts = Array.from({ length: Math.ceil(week.rows / ROWS_A_REQUEST) }, (_, index) => index * ROWS_A_REQUEST);
  const requests = starts.length;
  const askOn = async (): Promise<void> => {
    for (let from = starts.shift(); from !== undefined; from = starts.shift()) {
      const to = Math.min(from + ROWS_A_REQUEST, week.rows);
      const answer = await infer(`${url}/v2/models/${model}/infer`, {
        inputs: inputs.map((spec) => tensor(spec, week, from, to)),
        outputs: [{ name: 'probabilities' }],
      });
      versions.add(answer.model_version);
      scores.set(probabilitiesOfTrue(answer), from);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, askOn));
  return { scores, versions: [...versions], requests };
}

/** A missing number is NaN here and null in JSON, which the protocol's server takes for missing. */
function tensor({ name, datatype }: TensorSpec, week: AskedWeek, from: number, to: number) {
  const data = Array.from((week.features[name] ?? []).slice(from, to) as ArrayLike<string | number>);
  return { name, datatype, shape: [to - from, 1], data };
}

interface InferAnswer {
  readonly model_version: string;
  readonly outputs: readonly { readonly name: string; readonly data: readonly number[] }[];
}

async function infer(url: string, request: object): Promise<InferAnswer> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(request) });
  if (response.status !== 200) {
    throw new ServiceUnreachableError(
      `Cannot ask the model server at "${url}": it answered ${response.status} ${(await response.text()).slice(0, 300)}`,
    );
  }
  // Our own server's answer to this very request.
  return (await response.json()) as InferAnswer;
}

function probabilitiesOfTrue({ outputs }: InferAnswer): number[] {
  const pairs = outputs.find(({ name }) => name === 'probabilities')?.data ?? [];
  return pairs.filter((_, index) => index % 2 === 1);
}
