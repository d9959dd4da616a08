import type { TensorData } from '../inference/tensor.js';

export interface InferAnswer {
  readonly model: string;
  readonly version: number;
  /** The bundle that answered. */
  readonly digest: string;
  readonly id?: string | undefined;
  readonly outputs: Readonly<Record<string, TensorData>>;
}

/**
 * The body of an answer of the Open Inference Protocol v2. It is written piece by piece: 64-bit numbers keep all their
 * digits, and typed arrays need not become lists of values first.
 */
export function writeInferAnswer({ model, version, digest, id, outputs }: InferAnswer): string {
  const head = `{"model_name":${JSON.stringify(model)},"model_version":"${version}"`;
  const echoed = id === undefined ? '' : `,"id":${JSON.stringify(id)}`;
  const parameters = `,"parameters":{"digest":"${digest}","version":${version}}`;
  const tensors = Object.entries(outputs).map(([name, tensor]) => writeTensor(name, tensor));
  return `${head}${echoed}${parameters},"outputs":[${tensors.join(',')}]}`;
}

function writeTensor(name: string, { datatype, shape, data }: TensorData): string {
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],"data":[${writeData(datatype, data)}]}`;
}

function writeData(datatype: TensorData['datatype'], data: TensorData['data']): string {
  if (datatype === 'BYTES') return Array.from<unknown, string>(data, (text) => JSON.stringify(text)).join(',');
  if (datatype === 'BOOL') return Array.from<unknown, string>(data, (value) => (value ? 'true' : 'false')).join(',');
  // Digits only: models that answer NaN or infinities are refused before.
  return data.join(',');
}
