import { specJsonSchema } from '../spec/json-schema.js';
import { sampleWeek, SAMPLE_WEEKS } from './init-sample.js';

/** The files of a starter, by path: they run as they are, with the data beside the spec. */
export async function starterFiles(model: string): Promise<Record<string, string>> {
  const weeks = SAMPLE_WEEKS.map((monday, index) => [fileOf(monday, index), sampleWeek(index)]);
  return {
    'perennial.yaml': specText(model),
    'features.sql': FEATURES_SQL,
    'perennial.schema.json': `${JSON.stringify(specJsonSchema(), null, 2)}\n`,
    ...(Object.fromEntries(weeks) as Record<string, string>),
  };
}

/** The newest week waits outside, so that there is new data to retrain on. */
function fileOf(monday: string, index: number): string {
  const folder = index === SAMPLE_WEEKS.length - 1 ? 'next-week' : 'data';
  return `${folder}/orders-${monday}.csv`;
}

function specText(model: string): string {
  return `# yaml-language-server: $schema=./perennial.schema.json
# A model, declared once. Check it with: perennial validate
version: 1
name: ${model}

objective:
  statement: When an order is placed, say how likely it is to be sent back.
  kpi: Cost of returns per hundred orders.
owners:
  data: the shop team
  model: the data science team
  business: the head of customer service

# Every file in data/ is read once. Put next week's file there, and the next run reads that file alone.
sources:
  orders:
    kind: file
    path: data

# What a new file must look like. A file that breaks this stops the run, and the model that serves stays.
contract:
  orders:
    columns:
      order_time: { type: timestamp }
      country: { type: string, values: [AT, CH, DE, FR, IT, NL] }
      channel: { type: string, values: [app, web, store] }
      category: { type: string, maxNullShare: 0.05 }
      items: { type: integer, min: 1, max: 50 }
      price: { type: number, min: 0 }
      discount: { type: number, min: 0, max: 1 }
      returned: { type: boolean }
    rows: { min: 100 }

# SQL over the sources that gives one row per order: ./features.sql
prepare: features.sql

task:
  kind: binary
  label: returned
  features: [country, channel, category, items, price, discount, price_per_item, hour, weekday]
  eventTime: order_time

split:
  by: time
  train: 4w
  validation: 2d
  test: 7d

trainer:
  estimator: gradient-boosting
  timeout: 10m

gate:
  thresholds:
    - { metric: auc, min: 0.6 }
  champion: { metric: brier, rule: not-worse, margin: 0.01 }

triggers:
  schedule: { cron: '0 6 * * 1', timezone: UTC }
  cooldown: 1h
`;
}

const FEATURES_SQL = `-- The training table: one row per order, in DuckDB's SQL, over the sources of perennial.yaml.
-- Only what is known when the order is placed may be used here.
SELECT
  order_time,
  country,
  channel,
  category,
  items,
  price,
  discount,
  price / items AS price_per_item,
  CAST(hour(order_time) AS INTEGER) AS hour,
  CAST(isodow(order_time) AS INTEGER) AS weekday,
  returned
FROM orders
`;
