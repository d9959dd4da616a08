import type { ModelBundle } from '../domain/model.js';
import { OnnxModel } from '../inference/onnx-model.js';
import type { StoredSpec } from '../spec/spec.js';
import { readManifestOf } from '../stores/blobs.js';
import { askServer } from './ask-server.js';
import { askedWeek } from './next-week.js';
import { realised, type Realised } from './realised.js';
import type { Stage } from './stage.js';

/** How a week went: what was served, and what two other models would have been worth on the same flights. */
export interface ServedWeek {
  readonly asked: number;
  readonly requests: number;
  /** The versions that answered, as the server named them. */
  readonly versions: readonly string[];
  readonly live: Realised;
  readonly frozen: Realised;
  readonly newest: Realised;
}

export interface ServeWeekInput {
  readonly stored: StoredSpec;
  /** The week that is served, from 1; its file and those of the two weeks before are in the scratch folder. */
  readonly week: number;
  /** Digests of model bundles: the first champion, and the newest candidate. */
  readonly frozen: string;
  readonly newest: string;
}

/** Asks the model server about all flights of a week, and scores the same flights with the two bundles. */
export async function serveWeek(stage: Stage, { stored, week, frozen, newest }: ServeWeekInput): Promise<ServedWeek> {
  const asked = await askedWeek(stage.scratch, week, stored);
  const { inputs } = await readManifestOf<ModelBundle>(stage.store, 'bundle', frozen);
  const answered = await askServer(stage.serverUrl, stored.spec.name, inputs, asked);
  const score = async (bundle: string) => {
    const { onnx } = await readManifestOf<ModelBundle>(stage.store, 'bundle', bundle);
    const model = await OnnxModel.load(await stage.store.read(onnx.key, onnx));
    try {
      return realised(asked.labels, await model.score(asked.features));
    } finally {
      await model.close();
    }
  };
  const frozenScore = await score(frozen);
  return {
    asked: asked.rows,
    requests: answered.requests,
    versions: answered.versions,
    live: realised(asked.labels, answered.scores),
    frozen: frozenScore,
    newest: newest === frozen ? frozenScore : await score(newest),
  };
}
