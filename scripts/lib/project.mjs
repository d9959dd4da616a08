import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** A path inside the project. */
export const inProject = (...parts) => path.join(root, ...parts);

/** All that the scripts say of themselves goes to stderr: stdout belongs to the command's result. */
export const say = (line) => process.stderr.write(`${line}\n`);
