import { writeFile } from 'node:fs/promises';
import type { BenchRow } from './row.js';

/** The benches by name; `npm run bench -- steps store` runs some of them, without names all. */
const BENCHES: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
  steps: async () => await (await import('./steps.js')).benchSteps(),
  engine: async () => await (await import('./engine.js')).benchEngine(),
  rerun: async () => await (await import('./rerun.js')).benchRerun(),
  'trainer-start': async () => await (await import('./trainer-start.js')).benchTrainerStart(),
  ingest: async () => await (await import('./ingest.js')).benchIngest(),
  profile: async () => await (await import('./profile.js')).benchProfile(),
  search: async () => await (await import('./search.js')).benchSearch(),
  store: async () => await (await import('./store.js')).benchStore(),
};

const asked = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = asked.find((name) => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  process.stderr.write(`Cannot run bench "${unknown}": there are ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(2);
}

const rows: BenchRow[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  process.stderr.write(`bench ${name} ...\n`);
  for (const row of await bench()) {
    rows.push(row);
    process.stdout.write(`${describe(row)}\n`);
  }
}
if (process.argv.includes('--json')) await writeFile('bench-results.json', `${JSON.stringify(rows, null, 2)}\n`);

function describe({ name, ratio, aim, better = 'lower', ours, theirs, unit, note }: BenchRow): string {
  const numbers = `${round(ours)} against ${round(theirs)} ${unit}`;
  return `${name}: ${ratio.toFixed(ratio < 0.1 ? 3 : 2)} (aim ${better === 'lower' ? '<=' : '>='} ${aim}; ${numbers})${note ? `; ${note}` : ''}`;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
