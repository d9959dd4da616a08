import { workbench } from './data-job.js';
import { readFile } from 'node:fs/promises';
const b = await workbench();
const f = await b.parquet('x.parquet', "SELECT i, i::VARCHAR s, i/3.0 d, TIMESTAMP '2001-01-01' + INTERVAL (i) MINUTE t, [i, i+1] l, {'a': i} st FROM range(5000) r(i)");
const good = await readFile(f);
let seed = Number(process.argv[2] ?? 1); const rnd = (n: number) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor((seed / 2147483648) * n); };
const kinds = new Map<string, number>();
for (let k = 0; k < 600; k++) {
  const bytes = Buffer.from(good); const where = k % 3;
  const n = 1 + rnd(8);
  const foot = bytes.readUInt32LE(bytes.length - 8);
  for (let j = 0; j < n; j++) { const at = where === 0 ? rnd(bytes.length) : where === 1 ? bytes.length - 8 - rnd(foot) : bytes.length - 8 + rnd(4); bytes[at] = rnd(256); }
  let r = 'ok'; const t = performance.now();
  try { await b.ingest(bytes, { id: 'a.parquet' }); } catch (e) { r = (e as Error).constructor.name; if (r !== 'DataUnreadableError') console.log(r, (e as Error).message); }
  if (performance.now() - t > 2000) console.log('slow', k, performance.now() - t);
  kinds.set(r, (kinds.get(r) ?? 0) + 1);
}
console.log(kinds);
await b.close();
