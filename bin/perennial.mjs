#!/usr/bin/env node
import { existsSync } from 'node:fs';

// In a fresh clone the compiled program is not there yet, and Node's own words for that are long and say nothing to do.
const main = new URL('../dist/src/cli/main.js', import.meta.url);

if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('Perennial is not built here: npm run build\n');
  process.exitCode = 2;
}
