import type { ModelSpecInput } from '../../../src/spec/spec.js';

/** A spec with every section filled in, as YAML. `EXAMPLE` is the same in TypeScript. */
export const EXAMPLE_YAML = `# the whole of it
version: 1
name: late-flights
objective:
  statement: At push-back, say whether a flight will arrive late.
  kpi: Minutes of delay that passengers knew of.
owners: { data: ops, model: ml, business: network }
sources:
  flights: { kind: s3, bucket: perennial-inbox, prefix: flights/, format: parquet }
  weather: { kind: file, path: weather, format: csv }
contract:
  flights:
    columns:
      origin: { type: string, maxNullShare: 0.1 }
      "dep delay": { type: number, min: -180, max: 1800, maxBadShare: 0.01 }
      late: { type: boolean, values: [true, false] }
      date: { type: timestamp, min: 2001-01-01, required: true }
    otherColumns: refuse
    rows: { min: 10, max: 1000000 }
prepare: features.sql
task:
  kind: binary
  label: late
  features: [origin, minute, "dep delay"]
  eventTime: date
split: { by: time, train: 28d, validation: 1d, test: 7d, lookback: 7d, maxTrainRows: 1000 }
trainer:
  kind: process
  estimator: gradient-boosting
  parameters: { learning_rate: 0.05, max_depth: null }
  seed: 3
  timeout: 10m
evaluation: { metrics: [auc, brier], blocks: [origin, day], resamples: 500, confidence: 0.9 }
gate:
  thresholds:
    - { metric: auc, min: 0.6 }
    - { metric: brier, max: 0.3 }
  skill: { metric: auc }
  champion: { metric: brier, rule: not-worse, margin: 0.001 }
  minimum: { rows: 100, blocks: 10 }
rollout: { kind: direct, timeout: 30s }
triggers:
  schedule: { cron: "0 6 * * mon", timezone: Europe/Berlin, paused: true }
  cooldown: 1h
`;

export const EXAMPLE: ModelSpecInput = {
  version: 1,
  name: 'late-flights',
  objective: {
    statement: 'At push-back, say whether a flight will arrive late.',
    kpi: 'Minutes of delay that passengers knew of.',
  },
  owners: { data: 'ops', model: 'ml', business: 'network' },
  sources: {
    flights: { kind: 's3', bucket: 'perennial-inbox', prefix: 'flights/', format: 'parquet' },
    weather: { kind: 'file', path: 'weather', format: 'csv' },
  },
  contract: {
    flights: {
      columns: {
        origin: { type: 'string', maxNullShare: 0.1 },
        'dep delay': { type: 'number', min: -180, max: 1800, maxBadShare: 0.01 },
        late: { type: 'boolean', values: [true, false] },
        date: { type: 'timestamp', min: '2001-01-01', required: true },
      },
      otherColumns: 'refuse',
      rows: { min: 10, max: 1_000_000 },
    },
  },
  prepare: 'features.sql',
  task: { kind: 'binary', label: 'late', features: ['origin', 'minute', 'dep delay'], eventTime: 'date' },
  split: { by: 'time', train: '28d', validation: '1d', test: '7d', lookback: '7d', maxTrainRows: 1000 },
  trainer: {
    kind: 'process',
    estimator: 'gradient-boosting',
    parameters: { learning_rate: 0.05, max_depth: null },
    seed: 3,
    timeout: '10m',
  },
  evaluation: { metrics: ['auc', 'brier'], blocks: ['origin', 'day'], resamples: 500, confidence: 0.9 },
  gate: {
    thresholds: [
      { metric: 'auc', min: 0.6 },
      { metric: 'brier', max: 0.3 },
    ],
    skill: { metric: 'auc' },
    champion: { metric: 'brier', rule: 'not-worse', margin: 0.001 },
    minimum: { rows: 100, blocks: 10 },
  },
  rollout: { kind: 'direct', timeout: '30s' },
  triggers: { schedule: { cron: '0 6 * * mon', timezone: 'Europe/Berlin', paused: true }, cooldown: '1h' },
};

/** What must be written at least; all else has defaults. */
export const SMALLEST: ModelSpecInput = {
  name: 'small',
  objective: { statement: 'Say whether it rains.' },
  owners: { data: 'a', model: 'b', business: 'c' },
  sources: { rain: { kind: 'file', path: 'rain.csv' } },
  task: { kind: 'binary', label: 'rains', features: ['cloud'], eventTime: 'at' },
  split: { by: 'time' },
};
