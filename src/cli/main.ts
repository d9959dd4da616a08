#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  // Before any import: an older Node may not even parse what follows.
  process.stderr.write(`Perennial needs Node 20.19 or later: found ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  const { runProgram } = await import('./program.js');
  await runProgram(process.argv);
}
