import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { missesAim, rowText, type BenchRow } from './row.js';

/**
 * The benches by name; `npm run bench -- steps store` runs some of them, without names all. Ends with 1 when a figure
 * misses its aim: aims are for a machine that does nothing else, so the load before each bench is told.
 */
const BENCHES: Readonly<Record<string, () => Promise<BenchRow[]>>> = {
  steps: async () => await (await import('./steps.js')).benchSteps(),
  engine: async () => await (await import('./engine.js')).benchEngine(),
  rerun: async () => await (await import('./rerun.js')).benchRerun(),
  'trainer-start': async () => await (await import('./trainer-start.js')).benchTrainerStart(),
  ingest: async () => await (await import('./ingest.js')).benchIngest(),
  profile: async () => await (await import('./profile.js')).benchProfile(),
  search: async () => await (await import('./search.js')).benchSearch(),
  'search-tpe': async () => await (await import('./search-tpe.js')).benchSearchTpe(),
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
  process.stderr.write(`bench ${name} ... (load ${loadavg()[0]?.toFixed(1)})\n`);
  for (const row of await bench()) {
    rows.push(row);
    process.stdout.write(`${rowText(row)}\n`);
  }
}
if (process.argv.includes('--json')) await writeFile('bench-results.json', `${JSON.stringify(rows, null, 2)}\n`);

const missed = rows.filter(missesAim);
for (const row of missed) process.stderr.write(`misses its aim: ${rowText(row)}\n`);
if (missed.length > 0) process.exitCode = 1;
