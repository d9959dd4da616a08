import type { MetricName } from '../domain/evaluation.js';
import { accuracy } from './accuracy.js';
import { auc } from './auc.js';
import { brier } from './brier.js';
import { logLoss } from './log-loss.js';
import type { Metric } from './metric.js';

/** The built-in metrics by name. */
export const metrics: Readonly<Record<MetricName, Metric>> = { auc, brier, logLoss, accuracy };
