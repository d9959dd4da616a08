import { canonicalJson } from '../../../src/domain/canonical.js';
import type { ModelBundle } from '../../../src/domain/model.js';
import { putBlob, putManifest } from '../../../src/stores/blobs.js';
import { LedgerLog } from '../../../src/stores/ledger-log.js';
import type { ArtifactStore } from '../../../src/stores/store.js';
import type { TestModel } from '../../support/onnx-models.js';

/** Stores a test model as a bundle and returns the bundle's digest. */
export async function storeBundle(
  store: ArtifactStore,
  model: string,
  made: TestModel,
  split = 'b'.repeat(64),
): Promise<string> {
  const onnx = await putBlob(store, made.onnx);
  const bundle: ModelBundle = {
    kind: 'bundle',
    schemaVersion: 1,
    model,
    onnx,
    inputs: made.inputs,
    outputs: made.outputs,
    ...(made.task && { task: made.task }),
    spec: 'a'.repeat(64),
    split,
    trainer: { kind: 'process', estimator: 'test', parameters: {}, seed: 7, versions: {} },
    trainerMetrics: {},
  };
  return (await putManifest(store, 'bundle', bundle)).sha256;
}

/** Enters a bundle into the ledger and returns its version. */
export async function register(store: ArtifactStore, model: string, digest: string): Promise<number> {
  const log = new LedgerLog(store, model);
  const { generation } = (await log.read()).state;
  const { entry } = await log.append({
    ...common(`register-${generation}`),
    decision: { kind: 'register', bundle: digest, run: `run-${generation}` },
  });
  if (entry.decision.kind !== 'register') throw new Error(`not a registration: ${canonicalJson(entry)}`);
  return entry.decision.version;
}

/** Makes a registered version champion. */
export async function promote(store: ArtifactStore, model: string, version: number): Promise<void> {
  const log = new LedgerLog(store, model);
  const { state } = await log.read();
  await log.append({
    ...common(`promote-${state.generation}`),
    decision: {
      kind: 'promote',
      version,
      bundle: state.versions[version - 1]?.bundle ?? '',
      replaces: state.champion?.version ?? 0,
    },
  });
}

/** Stores, registers and promotes a test model. */
export async function publish(
  store: ArtifactStore,
  model: string,
  made: TestModel,
): Promise<{ digest: string; version: number }> {
  const digest = await storeBundle(store, model, made);
  const version = await register(store, model, digest);
  await promote(store, model, version);
  return { digest, version };
}

function common(decisionId: string) {
  return { decisionId, actor: 'test', reason: 'A test.', evidence: {}, now: new Date() };
}
