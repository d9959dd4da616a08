import { Random } from '../../src/statistics/random.js';
import type { ModelSpecInput } from '../../src/spec/spec.js';

/** One day of a small shop: whether a visit ends in a purchase depends on hour, channel and price. */
export function toyDay(day: string, options: { readonly rows?: number; readonly seed?: number } = {}): string {
  const generator = new Random(options.seed ?? Number(day.replaceAll('-', '')));
  const random = () => generator.uniform();
  const lines = ['visited,channel,price,visits,bought'];
  for (let row = 0; row < (options.rows ?? 200); row++) {
    const hour = Math.floor(random() * 24);
    const minute = Math.floor(random() * 60);
    const channel = ['mail', 'search', 'shop'][Math.floor(random() * 3)];
    const price = Math.round(random() * 10_000) / 100;
    const visits = Math.floor(random() * 9);
    const score = (channel === 'mail' ? 1.5 : 0) + (hour > 17 ? 1 : 0) - price / 40 + visits / 6;
    const bought = random() < 1 / (1 + Math.exp(-2 * score));
    const clock = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00`;
    lines.push(`${day} ${clock},${channel},${price},${visits},${bought}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Days from the first of January 2026, `count` of them: `2026-01-01`, ... */
export function toyDays(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, day) =>
    new Date(Date.UTC(2026, 0, 1 + from + day)).toISOString().slice(0, 10),
  );
}

/** A spec that learns the toy shop from a folder of daily CSV files. */
export function toySpec(name: string, folder: string, changes: Partial<ModelSpecInput> = {}): ModelSpecInput {
  return {
    name,
    objective: { statement: 'Know which visits end in a purchase.' },
    owners: { data: 'dora', model: 'mo', business: 'bea' },
    sources: { visits: { kind: 'file', path: folder } },
    contract: {
      visits: {
        columns: {
          visited: { type: 'timestamp' },
          channel: { type: 'string', values: ['mail', 'search', 'shop'] },
          price: { type: 'number', min: 0, max: 100 },
          visits: { type: 'integer', min: 0 },
          bought: { type: 'boolean' },
        },
      },
    },
    task: { kind: 'binary', label: 'bought', features: ['channel', 'price', 'visits'], eventTime: 'visited' },
    split: { by: 'time', train: '10d', validation: '1d', test: '3d' },
    trainer: { parameters: { max_iter: 20 } },
    evaluation: { resamples: 200 },
    ...changes,
  };
}
