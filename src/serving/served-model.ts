import { z } from 'zod';
import type { ModelBundle, TensorSpec } from '../domain/model.js';
import { taskOf, type Task } from '../domain/task.js';
import type { TableProfile } from '../domain/profile.js';
import { ModelUnusableError } from '../errors.js';
import type { InferenceThread } from '../inference/inference-thread.js';
import { OnnxModel } from '../inference/onnx-model.js';
import type { TensorData, TensorValues } from '../inference/tensor.js';
import { readManifestOf, type BlobCache } from '../stores/blobs.js';
import type { ArtifactStore, CallOptions } from '../stores/store.js';
import { trainedOn } from './request-profiler.js';

/** A version of a model that is loaded and has answered once. */
export interface ServedModel {
  readonly version: number;
  /** Digest of the bundle. */
  readonly digest: string;
  readonly onnx: OnnxModel;
  /** Of a multiclass model: the classes in the order of its probabilities. */
  readonly classes?: readonly string[];
  /** Profile of the rows that it was trained on, if it is known. */
  readonly trained: TableProfile | undefined;
}

export interface ServedModelPlace {
  readonly store: ArtifactStore;
  readonly cache: BlobCache;
  readonly thread: InferenceThread;
  readonly model: string;
}

/**
 * Loads a version from its bundle: the digests of manifest and model are checked, the model must fit its signature and
 * answer a row of zeros.
 *
 * @throws {ModelUnusableError} for a bundle or a model that cannot be used
 * @throws what the store throws
 */
export async function loadServedModel(
  { store, cache, thread, model }: ServedModelPlace,
  { version, digest }: { readonly version: number; readonly digest: string },
  options: CallOptions,
): Promise<ServedModel> {
  const bundle = checkedBundle(await readManifestOf<unknown>(store, 'bundle', digest, options), model, digest);
  const [file, trained] = await Promise.all([cache.file(bundle.onnx, options), trainedOn(store, bundle, options)]);
  const signature = { inputs: bundle.inputs, outputs: bundle.outputs };
  const onnx = await OnnxModel.load(file, { thread, signature });
  try {
    await onnx.run(Object.fromEntries(onnx.signature.inputs.map((spec) => [spec.name, zeros(spec)])));
  } catch (error) {
    await onnx.close();
    throw error;
  }
  const task = taskOf(bundle);
  return { version, digest, onnx, trained, ...(task.kind === 'multiclass' && { classes: task.classes }) };
}

const tensors = z
  .array(
    z.looseObject({
      name: z.string(),
      datatype: z.enum(['BOOL', 'INT32', 'INT64', 'FP32', 'FP64', 'BYTES']),
      shape: z.array(z.int()),
    }),
  )
  .min(1);

/** What serving relies on. A digest proves who wrote the manifest no more than that nobody changed it. */
const bundleSchema = z.looseObject({
  kind: z.literal('bundle'),
  schemaVersion: z.literal(1),
  model: z.string(),
  onnx: z.object({ key: z.string(), sha256: z.string(), bytes: z.int().min(0) }),
  inputs: tensors,
  outputs: tensors,
  task: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('binary') }),
      z.object({ kind: z.literal('multiclass'), classes: z.array(z.string()).min(1) }),
      z.object({ kind: z.literal('regression') }),
    ])
    .optional(),
  split: z.string(),
});

function checkedBundle(
  value: unknown,
  model: string,
  digest: string,
): Pick<ModelBundle, 'onnx' | 'inputs' | 'outputs' | 'split'> & { readonly task?: Task | undefined } {
  const unusable = (what: string) =>
    new ModelUnusableError(`Cannot serve bundle ${digest}: ${what}`, { fix: BUNDLE_FIX });
  const { data, error } = bundleSchema.safeParse(value);
  if (!data) throw unusable(`it is no model bundle: ${error.message}`);
  if (data.model !== model) throw unusable(`it is of model "${data.model}", want "${model}"`);
  return data;
}

const BUNDLE_FIX =
  'Find out who wrote it (perennial log MODEL): runs write only bundles that can be served. Then train again.';

function zeros({ datatype, shape }: TensorSpec): TensorData {
  const sizes = shape.map((size) => (size === -1 ? 1 : size));
  const count = sizes.reduce((product, size) => product * size, 1);
  return { datatype, shape: sizes, data: ZEROS[datatype](count) };
}

const ZEROS: Readonly<Record<TensorSpec['datatype'], (count: number) => TensorValues>> = {
  BOOL: (count) => new Uint8Array(count),
  INT32: (count) => new Int32Array(count),
  INT64: (count) => new BigInt64Array(count),
  FP32: (count) => new Float32Array(count),
  FP64: (count) => new Float64Array(count),
  BYTES: (count) => Array.from({ length: count }, () => ''),
};
