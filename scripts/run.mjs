// The door to the project for people and for CI: `npm run demo`, `npm test`, `npm run verify`, `npm run bench`,
// `npm run nightly`. Makes sure of Node, the node packages and the build first, so that a fresh clone needs no other
// command. Only Node's own modules are used up to that point.
import { ensureBuild } from './lib/build.mjs';
import { ensureModules } from './lib/modules.mjs';
import { nodeProblem } from './lib/node-version.mjs';

const [command, ...args] = process.argv.slice(2);

const COMMANDS = {
  demo: () => import('./lib/demo.mjs').then((module) => module.demo(args)),
  test: () => import('./lib/tests.mjs').then((module) => module.runTests(args)),
  verify: () => import('./lib/verify.mjs').then((module) => module.verify(args)),
  bench: () => import('./lib/bench.mjs').then((module) => module.bench(args)),
  nightly: () => import('./lib/nightly.mjs').then((module) => module.nightly(args)),
  // Only what stands before the switch.
  setup: () => 0,
};

const problem = nodeProblem(process.versions.node);
if (problem !== undefined) fail(problem);
const action = COMMANDS[command];
if (action === undefined) fail(`run "${command ?? ''}": wanted is one of ${Object.keys(COMMANDS).join(', ')}`);
try {
  await ensureModules();
  await ensureBuild();
  const code = await action();
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
