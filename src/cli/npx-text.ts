import { COMMANDS } from './commands.js';

/**
 * Text for people, with the commands in it as they can type them: `npx perennial ...` when this process was started through
 * npx or npm, for then `perennial` alone need not be on the PATH.
 */
export function npxText(text: string, env: Readonly<Record<string, string | undefined>>): string {
  if (!NPM_VARIABLES.some((name) => (env[name] ?? '') !== '')) return text;
  return text.replaceAll(COMMAND, 'npx perennial ');
}

const NPM_VARIABLES = ['npm_execpath', 'npm_command', 'npm_lifecycle_event'];

const COMMAND = new RegExp(
  String.raw`(?<![\w./-]|npx |temporal )perennial (?=(?:${Object.keys(COMMANDS).join('|')})\b)`,
  'g',
);
