import { binary } from '../metrics/binary.js';
import { onAllBlocks } from '../statistics/block-bootstrap.js';

/** How good the answers about a week were, once it is known what became of it. */
export interface Realised {
  readonly auc: number;
  readonly brier: number;
}

/** @param labels 1 for true; @param scores probability of true */
export function realised(labels: Uint8Array, scores: Float64Array): Realised {
  const whole = { of: new Int32Array(labels.length), count: 1 };
  const value = (name: 'auc' | 'brier') => onAllBlocks(binary.metrics[name].prepare({ labels, scores }, whole), 1);
  return { auc: value('auc'), brier: value('brier') };
}
