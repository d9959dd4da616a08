import { pathToFileURL } from 'node:url';
import { inProject } from './project.mjs';

/** `perennial demo` of this very checkout, in this process: signals, exit code and streams are its own. */
export async function demo(args) {
  const main = inProject('dist', 'src', 'cli', 'main.js');
  process.argv = [process.execPath, main, 'demo', ...args];
  await import(pathToFileURL(main).href);
}
